use std::num::NonZeroU32;

use chrono::{DateTime, TimeDelta, Utc};
use city_events_contract::messages::{Announcement, EventEnvelope};
use seaworthy::data::{Database, DatabaseConfig, Migrator, Value, sql};
use seaworthy_testkit::database::EmptyDatabase;
use uuid::Uuid;

use super::super::{JoinChange, MIGRATIONS, Store, index_event, record_join};

/// The number of rows that one statement inserts.
const ROWS: usize = 500;

/// A store on an empty database with all tables.
pub(super) struct TestDatabase {
    pub(super) store: Store,
    pub(super) database: Database,
    _empty: EmptyDatabase,
}

/// Returns the content of a message about an event.
pub(super) fn message(
    event: Uuid,
    start_time: DateTime<Utc>,
    status: &str,
    occurred_at: DateTime<Utc>,
) -> EventEnvelope<Announcement> {
    EventEnvelope {
        version: 1,
        producer: "event-service".to_owned(),
        message_id: Some(seaworthy::core::new_id()),
        trace_id: None,
        occurred_at,
        payload: Announcement {
            event_id: event,
            owner_id: None,
            title: event.to_string(),
            city: "Hamburg".to_owned(),
            category: "tech".to_owned(),
            start_time: Some(start_time),
            end_time: None,
            capacity: 0,
            status: status.to_owned(),
            reason: None,
            actor_role: None,
            cover_image_ids: Vec::new(),
        },
    }
}

impl TestDatabase {
    pub(super) async fn open(empty: EmptyDatabase) -> Self {
        let test = Self::without_tables(empty).await;
        let migrator = Migrator::new(&test.database, MIGRATIONS);
        migrator.up(false).await.unwrap();
        test
    }

    /// Opens a database with one connection, so that statistics of the session cover all
    /// statements.
    pub(super) async fn without_tables(empty: EmptyDatabase) -> Self {
        let mut config = DatabaseConfig::from_url(empty.url().parse().unwrap());
        config.pool.max_connections = NonZeroU32::MIN;
        let database = Database::builder("test", config).open().await.unwrap();
        Self {
            store: Store::new(database.clone()),
            database,
            _empty: empty,
        }
    }

    /// Stores a published event.
    pub(super) async fn publish(&self, event: Uuid, start_time: DateTime<Utc>) {
        self.index(event, start_time, "published", Utc::now()).await;
    }

    pub(super) async fn index(
        &self,
        event: Uuid,
        start_time: DateTime<Utc>,
        status: &str,
        occurred_at: DateTime<Utc>,
    ) {
        let envelope = message(event, start_time, status, occurred_at);
        let envelope = &envelope;
        self.database
            .transaction(|tx| async move { index_event(&tx, envelope, status).await })
            .await
            .unwrap();
    }

    pub(super) async fn join(&self, change: JoinChange, now: DateTime<Utc>) {
        self.database
            .transaction(|tx| async move { record_join(&tx, change, now).await })
            .await
            .unwrap();
    }

    /// Lowers all expired contributions.
    pub(super) async fn expire(&self, now: DateTime<Utc>) {
        while self.store.expire(now).await.unwrap() {}
    }

    pub(super) async fn insert<const WIDTH: usize>(
        &self,
        statement: &'static str,
        rows: &[[Value; WIDTH]],
    ) {
        for rows in rows.chunks(ROWS) {
            sql(statement)
                .bind_rows(rows.iter().cloned())
                .execute(&self.database)
                .await
                .unwrap();
        }
    }

    /// Stores published events with equal points, as if actors had joined or viewed them.
    pub(super) async fn seed_events(&self, points: &[i64], now: DateTime<Utc>) -> Vec<Uuid> {
        let ids: Vec<_> = points.iter().map(|_| seaworthy::core::new_id()).collect();
        // Twenty start times, so that many events have equal scores.
        let start = |index: usize| now + TimeDelta::hours(i64::try_from(index % 20).unwrap() + 1);
        let rows: Vec<[Value; 9]> = ids
            .iter()
            .enumerate()
            .map(|(index, id)| {
                [
                    (*id).into(),
                    id.to_string().into(),
                    "Hamburg".into(),
                    "tech".into(),
                    id.to_string().into(),
                    start(index).into(),
                    "published".into(),
                    "[]".into(),
                    now.into(),
                ]
            })
            .collect();
        self.insert("INSERT INTO feed_events (event_id, title, city, category, words, start_time, status, cover_image_ids, occurred_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)**", &rows)
            .await;
        let rows: Vec<[Value; 3]> = ids
            .iter()
            .zip(points)
            .enumerate()
            .map(|(index, (id, points))| [(*id).into(), (*points).into(), start(index).into()])
            .collect();
        self.insert("INSERT INTO feed_scores (event_id, points, start_time, is_listed) VALUES (?, ?, ?, TRUE)**", &rows)
            .await;
        ids
    }
}
