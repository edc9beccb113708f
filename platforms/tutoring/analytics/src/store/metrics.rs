use seaworthy::{
    data::{Connection, DataError, FromRow, Row, sql},
    prelude::*,
};
use uuid::Uuid;

use crate::domain::{Hours, TimeRange};

/// The number of events of a type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TypeCount {
    event_type: String,
    count: u64,
}

impl FromRow for TypeCount {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            event_type: row.get("event_type")?,
            count: row.get("events")?,
        })
    }
}

/// The number of events of a course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CourseCount {
    course_id: Uuid,
    count: u64,
}

impl FromRow for CourseCount {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            course_id: row.get("course_id")?,
            count: row.get("events")?,
        })
    }
}

/// Statements that count events.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Metrics;

impl Metrics {
    /// Returns the most frequent types.
    pub(crate) async fn types(
        connection: &dyn Connection,
        range: TimeRange,
        limit: u32,
    ) -> Result<Vec<TypeCount>, DataError> {
        sql("SELECT event_type, COUNT(*) AS events FROM events WHERE occurred_at >= ? AND occurred_at < ? GROUP BY event_type ORDER BY events DESC, event_type LIMIT ?")
            .bind(range.from)
            .bind(range.to)
            .bind(limit)
            .fetch_all(connection)
            .await
    }

    /// Returns the courses with the most events, of one type or of all.
    pub(crate) async fn courses(
        connection: &dyn Connection,
        range: TimeRange,
        event_type: Option<&str>,
        limit: u32,
    ) -> Result<Vec<CourseCount>, DataError> {
        sql("SELECT course_id, COUNT(*) AS events FROM events WHERE course_id IS NOT NULL AND occurred_at >= ? AND occurred_at < ? AND (? = 0 OR event_type = ?) GROUP BY course_id ORDER BY events DESC, course_id LIMIT ?")
            .bind(range.from)
            .bind(range.to)
            .bind(i64::from(event_type.is_some()))
            .bind(event_type.unwrap_or_default().to_owned())
            .bind(limit)
            .fetch_all(connection)
            .await
    }

    /// Returns the number of events of each hour that has events.
    pub(crate) async fn hours(
        connection: &dyn Connection,
        range: TimeRange,
        event_type: Option<&str>,
        hours: Hours,
    ) -> Result<Vec<(i64, u64)>, DataError> {
        sql("SELECT (TIMESTAMPDIFF(SECOND, '1970-01-01', occurred_at) - ?) DIV 3600 AS hour, COUNT(*) AS events FROM events WHERE occurred_at >= ? AND occurred_at < ? AND (? = 0 OR event_type = ?) GROUP BY 1")
            .on_postgres("SELECT CAST(FLOOR((EXTRACT(EPOCH FROM occurred_at) - CAST(? AS BIGINT)) / 3600) AS BIGINT) AS hour, COUNT(*) AS events FROM events WHERE occurred_at >= ? AND occurred_at < ? AND (? = 0 OR event_type = ?) GROUP BY 1")
            .on_sqlite("SELECT (CAST(strftime('%s', occurred_at) AS INTEGER) - ?) / 3600 AS hour, COUNT(*) AS events FROM events WHERE occurred_at >= ? AND occurred_at < ? AND (? = 0 OR event_type = ?) GROUP BY 1")
            .bind(hours.phase)
            .bind(range.from)
            .bind(range.to)
            .bind(i64::from(event_type.is_some()))
            .bind(event_type.unwrap_or_default().to_owned())
            .fetch_all(connection)
            .await
    }
}
