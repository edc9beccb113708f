use chrono::{DateTime, Utc};
use city_events_contract::messages::{Announcement, EventEnvelope};
use seaworthy::data::{DataError, Transaction, sql};
use uuid::Uuid;

use super::Store;

/// Maximum number of events that one request ranks: those that start next.
const MAX_RANKED: i64 = 2_000;

/// A published event that has not started.
#[derive(Debug, Clone)]
pub(crate) struct UpcomingEvent {
    pub(crate) id: Uuid,
    pub(crate) title: String,
    pub(crate) city: String,
    pub(crate) category: String,
    pub(crate) start_time: DateTime<Utc>,
    pub(crate) covers: Vec<String>,
}

/// Conditions of a feed. An empty text is no condition.
#[derive(Debug, Clone, Default)]
pub(crate) struct EventFilter {
    pub(crate) city: String,
    pub(crate) category: String,
    /// Part of the title or the city, in any case.
    pub(crate) text: String,
}

impl Store {
    /// Returns the next 2,000 published events that start after a time.
    pub(crate) async fn upcoming(
        &self,
        filter: &EventFilter,
        after: DateTime<Utc>,
    ) -> Result<Vec<UpcomingEvent>, DataError> {
        let pattern = format!("%{}%", escape_pattern(&filter.text.to_lowercase()));
        let rows: Vec<(Uuid, String, String, String, DateTime<Utc>, String)> = sql(
            "SELECT event_id, title, city, category, start_time, cover_image_ids FROM feed_events
             WHERE status = 'published' AND start_time > ? AND (? = '' OR city = ?) AND (? = '' OR category = ?) AND words LIKE ? ESCAPE '!'
             ORDER BY start_time, event_id LIMIT ?",
        )
        .bind(after)
        .bind(&filter.city)
        .bind(&filter.city)
        .bind(&filter.category)
        .bind(&filter.category)
        .bind(pattern)
        .bind(MAX_RANKED)
        .fetch_all(&self.0)
        .await?;
        let events = rows.into_iter();
        Ok(events
            .map(
                |(id, title, city, category, start_time, covers)| UpcomingEvent {
                    id,
                    title,
                    city,
                    category,
                    start_time,
                    covers: serde_json::from_str(&covers).unwrap_or_default(),
                },
            )
            .collect())
    }

    /// Returns whether an event is published.
    pub(crate) async fn is_published(&self, event: Uuid) -> Result<bool, DataError> {
        let found: Option<(Uuid,)> =
            sql("SELECT event_id FROM feed_events WHERE event_id = ? AND status = 'published'")
                .bind(event)
                .fetch_optional(&self.0)
                .await?;
        Ok(found.is_some())
    }
}

/// Applies a message to the index, unless a later message of the event is applied.
pub(crate) async fn index_event(
    tx: &Transaction,
    event: &EventEnvelope<Announcement>,
    status: &str,
) -> Result<(), DataError> {
    let announcement = &event.payload;
    let indexed: Option<(DateTime<Utc>,)> =
        sql("SELECT told_at FROM feed_events WHERE event_id = ?")
            .bind(announcement.event_id)
            .fetch_optional(tx)
            .await?;
    let is_outdated = indexed.is_some_and(|(at,)| at > event.occurred_at);
    if is_outdated {
        return Ok(());
    }
    // The legacy service sends no details when an event is unpublished or canceled.
    let has_details = !announcement.title.is_empty();
    if indexed.is_some() && !has_details {
        return sql(
            "UPDATE feed_events SET status = ?, told_at = ? WHERE event_id = ? AND told_at <= ?",
        )
        .bind(status)
        .bind(event.occurred_at)
        .bind(announcement.event_id)
        .bind(event.occurred_at)
        .execute(tx)
        .await
        .map(drop);
    }
    // If another transaction applies a later message at the same time, its row stays and the
    // insertion fails. The next delivery finds the row.
    sql("DELETE FROM feed_events WHERE event_id = ? AND told_at <= ?")
        .bind(announcement.event_id)
        .bind(event.occurred_at)
        .execute(tx)
        .await?;
    let covers =
        serde_json::to_string(&announcement.cover_image_ids).unwrap_or_else(|_| "[]".to_owned());
    sql("INSERT INTO feed_events (event_id, title, city, category, words, start_time, status, cover_image_ids, told_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(announcement.event_id)
        .bind(&announcement.title)
        .bind(&announcement.city)
        .bind(&announcement.category)
        .bind(format!("{}\n{}", announcement.title, announcement.city).to_lowercase())
        .bind(announcement.start_time)
        .bind(status)
        .bind(covers)
        .bind(event.occurred_at)
        .execute(tx)
        .await
        .map(drop)
}

/// Escapes the wildcards of a `LIKE` pattern with `!`.
fn escape_pattern(text: &str) -> String {
    text.replace('!', "!!")
        .replace('%', "!%")
        .replace('_', "!_")
}
