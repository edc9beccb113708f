//! Statements on events.

use seaworthy::{
    data::{Value, prelude::*},
    prelude::*,
};
use tutoring_contract::{CheckedPage, Page};
use tutoring_identity::paged;

use crate::domain::{Event, TimeRange};

/// The filter of a list, besides its range of time.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct EventFilter {
    pub(crate) event_type: Option<String>,
    pub(crate) user_id: Option<Uuid>,
    pub(crate) course_id: Option<Uuid>,
}

/// Stores events. Their partitions must exist.
pub(crate) async fn insert(connection: &dyn Connection, events: &[Event]) -> DataResult<()> {
    let now = Utc::now();
    let rows = events.iter().map(|event| -> [Value; 7] {
        [
            event.id.into(),
            event.event_type.clone().into(),
            event.user_id.into(),
            event.course_id.into(),
            event.metadata.clone().into(),
            event.timestamp.into(),
            now.into(),
        ]
    });
    sql("INSERT INTO events (id, event_type, user_id, course_id, metadata, occurred_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)**")
        .bind_rows(rows)
        .apply(connection)
        .await
}

/// Returns a page of events, the newest first.
pub(crate) async fn page(
    connection: &dyn Connection,
    filter: &EventFilter,
    range: TimeRange,
    page: CheckedPage,
) -> DataResult<Page<Event>> {
    let is = |set: bool| i64::from(set);
    // A text with this character is in no row, and PostgreSQL rejects it.
    let kind = filter.event_type.as_deref().unwrap_or_default();
    let (by_kind, kind) = (
        is(filter.event_type.is_some()),
        kind.replace('\0', "\u{fffd}"),
    );
    let (by_user, user) = (
        is(filter.user_id.is_some()),
        filter.user_id.unwrap_or_default(),
    );
    let (by_course, course) = (
        is(filter.course_id.is_some()),
        filter.course_id.unwrap_or_default(),
    );
    paged!("SELECT id, event_type, user_id, course_id, metadata, occurred_at FROM events WHERE occurred_at >= {range.from} AND occurred_at < {range.to} AND ({by_kind} = 0 OR event_type = {&kind}) AND ({by_user} = 0 OR user_id = {user}) AND ({by_course} = 0 OR course_id = {course})"; "ORDER BY occurred_at DESC, id DESC", page)
        .fetch(connection)
        .await
}

/// Deletes a part of the events before a time. Returns whether there may be more.
pub(crate) async fn purge(connection: &dyn Connection, before: DateTime<Utc>) -> DataResult<bool> {
    sql("DELETE FROM events WHERE occurred_at < ? ORDER BY occurred_at LIMIT ?")
        .on_postgres("DELETE FROM events WHERE (occurred_at, id) IN (SELECT occurred_at, id FROM events WHERE occurred_at < ? ORDER BY occurred_at LIMIT ?)")
        .on_sqlite("DELETE FROM events WHERE id IN (SELECT id FROM events WHERE occurred_at < ? ORDER BY occurred_at LIMIT ?)")
        .bind(before)
        .delete_page(connection)
        .await
}
