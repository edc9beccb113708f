//! Statements that count events.

use seaworthy::{data::prelude::*, prelude::*};

use crate::domain::{Hours, TimeRange};

/// The number of events of a type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TypeCount {
    event_type: String,
    count: u64,
}

/// The number of events of a course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CourseCount {
    course_id: Uuid,
    count: u64,
}

/// Returns the most frequent types.
pub(crate) async fn types(
    connection: &dyn Connection,
    range: TimeRange,
    limit: u32,
) -> DataResult<Vec<TypeCount>> {
    sql!("SELECT event_type, COUNT(*) AS count FROM events WHERE occurred_at >= {range.from} AND occurred_at < {range.to} GROUP BY event_type ORDER BY count DESC, event_type LIMIT {limit}")
        .fetch_all(connection)
        .await
}

/// Returns the courses with the most events, of one type or of all.
pub(crate) async fn courses(
    connection: &dyn Connection,
    range: TimeRange,
    event_type: Option<&str>,
    limit: u32,
) -> DataResult<Vec<CourseCount>> {
    sql!("SELECT course_id, COUNT(*) AS count FROM events WHERE course_id IS NOT NULL AND occurred_at >= {range.from} AND occurred_at < {range.to} AND ({i64::from(event_type.is_some())} = 0 OR event_type = {event_type.unwrap_or_default().to_owned()}) GROUP BY course_id ORDER BY count DESC, course_id LIMIT {limit}")
        .fetch_all(connection)
        .await
}

/// Returns the number of events of each hour that has events.
pub(crate) async fn hours(
    connection: &dyn Connection,
    range: TimeRange,
    event_type: Option<&str>,
    hours: Hours,
) -> DataResult<Vec<(i64, u64)>> {
    sql("SELECT (TIMESTAMPDIFF(SECOND, '1970-01-01', occurred_at) - ?) DIV 3600 AS hour, COUNT(*) AS count FROM events WHERE occurred_at >= ? AND occurred_at < ? AND (? = 0 OR event_type = ?) GROUP BY 1")
        .on_postgres("SELECT CAST(FLOOR((EXTRACT(EPOCH FROM occurred_at) - CAST(? AS BIGINT)) / 3600) AS BIGINT) AS hour, COUNT(*) AS count FROM events WHERE occurred_at >= ? AND occurred_at < ? AND (? = 0 OR event_type = ?) GROUP BY 1")
        .on_sqlite("SELECT (CAST(strftime('%s', occurred_at) AS INTEGER) - ?) / 3600 AS hour, COUNT(*) AS count FROM events WHERE occurred_at >= ? AND occurred_at < ? AND (? = 0 OR event_type = ?) GROUP BY 1")
        .bind(hours.phase)
        .bind(range.from)
        .bind(range.to)
        .bind(i64::from(event_type.is_some()))
        .bind(event_type.unwrap_or_default().to_owned())
        .fetch_all(connection)
        .await
}
