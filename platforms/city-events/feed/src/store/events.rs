use std::collections::HashMap;

use chrono::{DateTime, Utc};
use city_events_contract::messages::{Announcement, EventEnvelope};
use seaworthy::data::{DataError, Transaction, sql};
use uuid::Uuid;

use super::{Store, scores::set_listed};

const PUBLISHED: &str = "published";

/// Details of a published event in a list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EventDetails {
    pub(crate) title: String,
    pub(crate) city: String,
    pub(crate) category: String,
    pub(crate) start_time: Option<DateTime<Utc>>,
    pub(crate) covers: Vec<String>,
}

/// The columns that `published_details!` selects.
pub(super) type DetailsRow = (Uuid, String, String, String, Option<DateTime<Utc>>, String);

/// Selects the `DetailsRow` of each published event of a list.
macro_rules! published_details {
    ($more:literal) => {
        concat!(
            "SELECT event_id, title, city, category, start_time, cover_image_ids",
            $more,
            " FROM feed_events WHERE event_id IN (?*) AND status = 'published'"
        )
    };
}
pub(super) use published_details;

impl EventDetails {
    /// Returns the ID of an event and its details.
    pub(super) fn from_row(
        (id, title, city, category, start_time, covers): DetailsRow,
    ) -> (Uuid, Self) {
        let details = Self {
            title,
            city,
            category,
            start_time,
            covers: serde_json::from_str(&covers).unwrap_or_default(),
        };
        (id, details)
    }
}

impl Store {
    /// Returns the details of published events by ID. Other events are absent.
    pub(crate) async fn details(
        &self,
        events: &[Uuid],
    ) -> Result<HashMap<Uuid, EventDetails>, DataError> {
        if events.is_empty() {
            return Ok(HashMap::new());
        }
        let rows: Vec<DetailsRow> = sql(published_details!(""))
            .bind_list(events.iter().copied())
            .fetch_all(&self.0)
            .await?;
        Ok(rows.into_iter().map(EventDetails::from_row).collect())
    }

    /// Returns whether an event is published.
    pub(crate) async fn is_published(&self, event: Uuid) -> Result<bool, DataError> {
        sql("SELECT event_id FROM feed_events WHERE event_id = ? AND status = 'published'")
            .bind(event)
            .exists(&self.0)
            .await
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
        sql("SELECT occurred_at FROM feed_events WHERE event_id = ?")
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
        sql("UPDATE feed_events SET status = ?, occurred_at = ? WHERE event_id = ? AND occurred_at <= ?")
            .bind(status)
            .bind(event.occurred_at)
            .bind(announcement.event_id)
            .bind(event.occurred_at)
            .execute(tx)
            .await?;
        return update_listed(tx, announcement.event_id).await;
    }
    // If another transaction applies a later message at the same time, its row stays and the
    // insertion fails. The next delivery finds the row.
    sql("DELETE FROM feed_events WHERE event_id = ? AND occurred_at <= ?")
        .bind(announcement.event_id)
        .bind(event.occurred_at)
        .execute(tx)
        .await?;
    let covers =
        serde_json::to_string(&announcement.cover_image_ids).unwrap_or_else(|_| "[]".to_owned());
    sql("INSERT INTO feed_events (event_id, title, city, category, words, start_time, status, cover_image_ids, occurred_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
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
        .await?;
    update_listed(tx, announcement.event_id).await
}

/// Copies the status and the start time of an event to its score.
async fn update_listed(tx: &Transaction, event: Uuid) -> Result<(), DataError> {
    let (status, start_time): (String, Option<DateTime<Utc>>) =
        sql("SELECT status, start_time FROM feed_events WHERE event_id = ?")
            .bind(event)
            .fetch_one(tx)
            .await?;
    set_listed(tx, event, status == PUBLISHED, start_time).await
}
