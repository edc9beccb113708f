use seaworthy::{
    data::{Value, prelude::*},
    prelude::*,
};
use tutoring_contract::CheckedPage;
use uuid::Uuid;

use crate::domain::{Event, TimeRange};

/// Returns the text of a statement on the events that a filter matches.
macro_rules! matching {
    ($start:literal, $end:literal) => {
        concat!(
            $start,
            " FROM events WHERE occurred_at >= ? AND occurred_at < ? AND (? = 0 OR event_type = ?) AND (? = 0 OR user_id = ?) AND (? = 0 OR course_id = ?) ",
            $end
        )
    };
}

impl FromRow for Event {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            id: row.get("id")?,
            event_type: row.get("event_type")?,
            user_id: row.get("user_id")?,
            course_id: row.get("course_id")?,
            metadata: row.get("metadata")?,
            timestamp: row.get("occurred_at")?,
        })
    }
}

/// The filter of a list, besides its range of time.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct EventFilter {
    pub(crate) event_type: Option<String>,
    pub(crate) user_id: Option<Uuid>,
    pub(crate) course_id: Option<Uuid>,
}

impl EventFilter {
    fn bind(&self, range: TimeRange, statement: Statement) -> Statement {
        let is = |set: bool| i64::from(set);
        // A text with this character is in no row, and PostgreSQL rejects it.
        let event_type = self.event_type.as_deref().unwrap_or_default();
        statement
            .bind(range.from)
            .bind(range.to)
            .bind(is(self.event_type.is_some()))
            .bind(event_type.replace('\0', "\u{fffd}"))
            .bind(is(self.user_id.is_some()))
            .bind(self.user_id.unwrap_or_default())
            .bind(is(self.course_id.is_some()))
            .bind(self.course_id.unwrap_or_default())
    }
}

/// Statements on events.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Events;

impl Events {
    /// Stores events. Their partitions must exist.
    pub(crate) async fn insert(
        connection: &dyn Connection,
        events: &[Event],
    ) -> Result<(), DataError> {
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

    /// Returns a page of events, the newest first, and their number.
    pub(crate) async fn page(
        connection: &dyn Connection,
        filter: &EventFilter,
        range: TimeRange,
        page: CheckedPage,
    ) -> Result<(Vec<Event>, u64), DataError> {
        let count = sql(matching!("SELECT COUNT(*)", ""));
        let (total,): (u64,) = filter.bind(range, count).fetch_one(connection).await?;
        let list = sql(matching!(
            "SELECT id, event_type, user_id, course_id, metadata, occurred_at",
            "ORDER BY occurred_at DESC, id DESC LIMIT ? OFFSET ?"
        ));
        let items = filter
            .bind(range, list)
            .bind(page.limit)
            .bind(page.offset())
            .fetch_all(connection)
            .await?;
        Ok((items, total))
    }

    /// Deletes a part of the events before a time. Returns whether there may be more.
    pub(crate) async fn purge(
        connection: &dyn Connection,
        before: DateTime<Utc>,
    ) -> Result<bool, DataError> {
        sql("DELETE FROM events WHERE occurred_at < ? ORDER BY occurred_at LIMIT ?")
            .on_postgres("DELETE FROM events WHERE (occurred_at, id) IN (SELECT occurred_at, id FROM events WHERE occurred_at < ? ORDER BY occurred_at LIMIT ?)")
            .on_sqlite("DELETE FROM events WHERE id IN (SELECT id FROM events WHERE occurred_at < ? ORDER BY occurred_at LIMIT ?)")
            .bind(before)
            .delete_page(connection)
            .await
    }
}
