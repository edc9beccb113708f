//! The index.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use city_events_contract::messages::{Announcement, EventEnvelope};
use seaworthy::{
    data::{Connection, DataError, Database, Migration, MigrationSet, Transaction, sql},
    outbox,
};
use uuid::Uuid;

/// The tables of the service, and its inbox.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    MigrationSet::of_service(&[Migration::new(
        1,
        "feed",
        include_str!("../../migrations/0001_feed.up.sql"),
        include_str!("../../migrations/0001_feed.down.sql"),
    )]),
    outbox::MIGRATIONS,
];

/// Events that are ranked at once: the next of a city, and more than anybody pages through.
const RANKED: i64 = 2_000;
/// How far back counts and tastes look.
const WEEK: Duration = Duration::days(7);
const MONTH: Duration = Duration::days(30);
/// What says how much somebody likes a kind of event.
const JOINED: f64 = 1.0;
const LOOKED: f64 = 0.3;

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

/// How many different people did what with an event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) joins_of_day: u32,
    pub(crate) joins_of_week: u32,
    pub(crate) views_of_day: u32,
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

    /// What was done lately, as it was at a moment.
    pub(crate) async fn counts(
        &self,
        at: DateTime<Utc>,
    ) -> Result<HashMap<Uuid, Counts>, DataError> {
        let day = at - Duration::days(1);
        let rows: Vec<(Uuid, i64, i64, i64)> = sql("SELECT event_id,
                    COUNT(DISTINCT CASE WHEN kind = 'join' AND happened_at > ? THEN actor END),
                    COUNT(DISTINCT CASE WHEN kind = 'join' THEN actor END),
                    COUNT(DISTINCT CASE WHEN kind = 'view' AND happened_at > ? THEN actor END)
             FROM feed_actions WHERE happened_at > ? AND happened_at <= ? GROUP BY event_id")
        .bind(day)
        .bind(day)
        .bind(at - WEEK)
        .bind(at)
        .fetch_all(&self.0)
        .await?;
        let number = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
        let counts = rows.into_iter().map(|(id, day, week, views)| {
            let counts = Counts {
                joins_of_day: number(day),
                joins_of_week: number(week),
                views_of_day: number(views),
            };
            (id, counts)
        });
        Ok(counts.collect())
    }

    /// What somebody likes, as it was known at a moment.
    pub(crate) async fn tastes(
        &self,
        actor: &str,
        at: DateTime<Utc>,
    ) -> Result<HashMap<String, f64>, DataError> {
        let rows: Vec<(String, i64, i64)> = sql(
            "SELECT e.category, COUNT(CASE WHEN a.kind = 'join' THEN 1 END), COUNT(CASE WHEN a.kind <> 'join' THEN 1 END)
             FROM feed_actions a JOIN feed_events e ON e.event_id = a.event_id
             WHERE a.actor = ? AND a.happened_at > ? AND a.happened_at <= ? GROUP BY e.category",
        )
        .bind(actor)
        .bind(at - MONTH)
        .bind(at)
        .fetch_all(&self.0)
        .await?;
        let times = |count: i64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let tastes = rows.into_iter();
        Ok(tastes
            .map(|(category, joins, looks)| {
                (category, JOINED * times(joins) + LOOKED * times(looks))
            })
            .collect())
    }

    /// Remembers that somebody looked: once a day.
    pub(crate) async fn looked(
        &self,
        actor: &str,
        event: Uuid,
        kind: &str,
    ) -> Result<(), DataError> {
        did(&self.0, actor, event, kind, Utc::now()).await
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
        return sql("UPDATE feed_events SET status = ?, told_at = ? WHERE event_id = ?")
            .bind(status)
            .bind(event.occurred_at)
            .bind(told.event_id)
            .execute(tx)
            .await
            .map(drop);
    }
    sql("DELETE FROM feed_events WHERE event_id = ?")
        .bind(told.event_id)
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

/// Remembers that somebody joined.
pub(crate) async fn joined(tx: &Transaction, user: Uuid, event: Uuid) -> Result<(), DataError> {
    did(tx, &format!("u:{user}"), event, "join", Utc::now()).await
}

/// Forgets it.
pub(crate) async fn left(tx: &Transaction, user: Uuid, event: Uuid) -> Result<(), DataError> {
    sql("DELETE FROM feed_actions WHERE event_id = ? AND actor = ? AND kind = 'join'")
        .bind(event)
        .bind(format!("u:{user}"))
        .execute(tx)
        .await
        .map(drop)
}

async fn did(
    connection: &dyn Connection,
    actor: &str,
    event: Uuid,
    kind: &str,
    at: DateTime<Utc>,
) -> Result<(), DataError> {
    sql("INSERT INTO feed_actions (actor, event_id, kind, on_day, happened_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
        .on_mysql("INSERT IGNORE INTO feed_actions (actor, event_id, kind, on_day, happened_at) VALUES (?, ?, ?, ?, ?)")
        .bind(actor)
        .bind(event)
        .bind(kind)
        .bind(at.format("%Y-%m-%d").to_string())
        .bind(at)
        .execute(connection)
        .await
        .map(drop)
}

/// What means something in a pattern means itself here.
fn escaped(text: &str) -> String {
    text.replace('!', "!!")
        .replace('%', "!%")
        .replace('_', "!_")
}
