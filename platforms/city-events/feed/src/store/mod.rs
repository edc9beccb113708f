//! The index, and what people did with it.

mod actions;
mod counts;
mod joins;

use chrono::{DateTime, Utc};
use city_events_contract::messages::{Announcement, EventEnvelope};
use seaworthy::{
    data::{DataError, Database, Migration, MigrationSet, Transaction, sql},
    outbox,
};
use uuid::Uuid;

pub(crate) use counts::Counts;
pub(crate) use joins::{Joined, moved};

/// The tables of the service, and its inbox.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    MigrationSet::of_service(&[
        Migration::new(
            1,
            "feed",
            include_str!("../../migrations/0001_feed.up.sql"),
            include_str!("../../migrations/0001_feed.down.sql"),
        ),
        Migration::new(
            2,
            "joins",
            include_str!("../../migrations/0002_joins.up.sql"),
            include_str!("../../migrations/0002_joins.down.sql"),
        ),
    ]),
    outbox::MIGRATIONS,
];

/// Events that are ranked at once: the next of a city, and more than anybody pages through.
const RANKED: i64 = 2_000;

/// An event that may be shown.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub(crate) id: Uuid,
    pub(crate) title: String,
    pub(crate) city: String,
    pub(crate) category: String,
    pub(crate) starts: DateTime<Utc>,
    pub(crate) covers: Vec<String>,
}

/// What is looked for; empty texts are no conditions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) city: String,
    pub(crate) category: String,
    pub(crate) words: String,
}

/// The index in the database.
#[derive(Debug, Clone)]
pub(crate) struct Store(Database);

impl Store {
    pub(crate) fn new(database: Database) -> Self {
        Self(database)
    }

    /// Published events that begin after a moment.
    pub(crate) async fn listed(
        &self,
        wanted: &Wanted,
        after: DateTime<Utc>,
    ) -> Result<Vec<Listed>, DataError> {
        let words = format!("%{}%", escaped(&wanted.words.to_lowercase()));
        let rows: Vec<(Uuid, String, String, String, DateTime<Utc>, String)> = sql(
            "SELECT event_id, title, city, category, start_time, cover_image_ids FROM feed_events
             WHERE status = 'published' AND start_time > ? AND (? = '' OR city = ?) AND (? = '' OR category = ?) AND words LIKE ? ESCAPE '!'
             ORDER BY start_time, event_id LIMIT ?",
        )
        .bind(after)
        .bind(&wanted.city)
        .bind(&wanted.city)
        .bind(&wanted.category)
        .bind(&wanted.category)
        .bind(words)
        .bind(RANKED)
        .fetch_all(&self.0)
        .await?;
        let events = rows.into_iter();
        Ok(events
            .map(|(id, title, city, category, starts, covers)| Listed {
                id,
                title,
                city,
                category,
                starts,
                covers: serde_json::from_str(&covers).unwrap_or_default(),
            })
            .collect())
    }
}

/// Takes what is told of an event, unless something later is known.
pub(crate) async fn announced(
    tx: &Transaction,
    event: &EventEnvelope<Announcement>,
    status: &str,
) -> Result<(), DataError> {
    let told = &event.payload;
    let known: Option<(DateTime<Utc>,)> = sql("SELECT told_at FROM feed_events WHERE event_id = ?")
        .bind(told.event_id)
        .fetch_optional(tx)
        .await?;
    let is_old = known.is_some_and(|(at,)| at > event.occurred_at);
    if is_old {
        return Ok(());
    }
    // Of an event that is taken back only that much is told.
    let is_whole = !told.title.is_empty();
    if known.is_some() && !is_whole {
        return sql(
            "UPDATE feed_events SET status = ?, told_at = ? WHERE event_id = ? AND told_at <= ?",
        )
        .bind(status)
        .bind(event.occurred_at)
        .bind(told.event_id)
        .bind(event.occurred_at)
        .execute(tx)
        .await
        .map(drop);
    }
    // Where something later was told meanwhile its row stays, the insertion fails, and the next attempt sees it.
    sql("DELETE FROM feed_events WHERE event_id = ? AND told_at <= ?")
        .bind(told.event_id)
        .bind(event.occurred_at)
        .execute(tx)
        .await?;
    let covers = serde_json::to_string(&told.cover_image_ids).unwrap_or_else(|_| "[]".to_owned());
    sql("INSERT INTO feed_events (event_id, title, city, category, words, start_time, status, cover_image_ids, told_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(told.event_id)
        .bind(&told.title)
        .bind(&told.city)
        .bind(&told.category)
        .bind(format!("{}\n{}", told.title, told.city).to_lowercase())
        .bind(told.start_time)
        .bind(status)
        .bind(covers)
        .bind(event.occurred_at)
        .execute(tx)
        .await
        .map(drop)
}

/// What means something in a pattern means itself here.
fn escaped(text: &str) -> String {
    text.replace('!', "!!")
        .replace('%', "!%")
        .replace('_', "!_")
}
