use city_events_contract::{
    TestService, Timestamp,
    messages::{Announcement, EmailEventCanceled},
};
use seaworthy::{
    audit_log::AuditLog,
    data::{Database, sql},
    messaging::{Event as _, Messaging},
    outbox::Outbox,
    prelude::*,
};
use seaworthy_testkit::database::EmptyDatabase;
use serde_json::Value;
use uuid::Uuid;

use super::super::{EventChange, Joins, topics};
use crate::{config::JoinConfig, store::MIGRATIONS};

/// The timeout is too short for 15,000 joins in one transaction, and long enough for a page.
const TRANSACTION_TIMEOUT: &str = "5s";
/// Number of rows of one INSERT statement:
const ROWS_PER_INSERT: usize = 500;

/// Maximum number of rows of one SELECT statement:
const ROWS_PER_SELECT: i64 = 5_000;

/// One replica of the service, whose messages stay in the outbox.
pub(super) struct Replica {
    pub(super) joins: Joins,
    pub(super) database: Database,
    service: TestService<()>,
}

impl Replica {
    pub(super) async fn start(empty: &EmptyDatabase) -> Self {
        let timeout = format!("database.transaction_timeout={TRANSACTION_TIMEOUT}");
        let mut parts = None;
        let assemble = async |service: &Assembly<JoinConfig>| {
            let settings = service.settings();
            let database =
                Database::connect(service, "database", &settings.database, MIGRATIONS).await?;
            let messaging = Messaging::connect(service, "broker", &settings.broker).await?;
            let publisher = messaging.publisher(topics()).await?;
            let outbox = Outbox::start(service, &database, publisher, &settings.outbox).await?;
            let audit = AuditLog::new(database.clone(), &settings.audit_log)?;
            let joins = Joins::new(database.clone(), outbox, audit, service.tasks(), settings);
            parts = Some((joins, database));
            Ok(())
        };
        let service = TestService::start("join", empty.url(), &[&timeout], assemble)
            .await
            .unwrap();
        let (joins, database) = parts.unwrap();
        Self {
            joins,
            database,
            service,
        }
    }

    pub(super) async fn stop(self) {
        self.service.stop().await;
    }

    pub(super) async fn open(&self, event: &Announcement) {
        self.database
            .transaction(|tx| async move { self.joins.open_event(&tx, change(event)).await })
            .await
            .unwrap();
    }

    /// Stores joins of an event, as if this many users had joined it.
    pub(super) async fn seed(&self, event: Uuid, active: usize, waitlisted: usize) {
        let statuses = std::iter::repeat_n("active", active)
            .chain(std::iter::repeat_n("waitlisted", waitlisted));
        let now = Timestamp::now();
        let rows: Vec<_> = statuses
            .map(|status| {
                [
                    seaworthy::core::new_id().into(),
                    event.into(),
                    seaworthy::core::new_id().into(),
                    status.into(),
                    now.get().into(),
                    now.get().into(),
                ]
            })
            .collect();
        for rows in rows.chunks(ROWS_PER_INSERT) {
            sql("INSERT INTO joins (id, event_id, user_id, status, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)**")
                .bind_rows(rows.iter().cloned())
                .execute(&self.database)
                .await
                .unwrap();
        }
        sql("UPDATE event_capacity SET active_count = active_count + ?, waitlist_count = waitlist_count + ?, revision = revision + 1 WHERE event_id = ?")
            .bind(i64::try_from(active).unwrap())
            .bind(i64::try_from(waitlisted).unwrap())
            .bind(event)
            .execute(&self.database)
            .await
            .unwrap();
    }

    /// Returns how many rows a statement about one event counts.
    pub(super) async fn count(&self, statement: &'static str, event: Uuid) -> i64 {
        let (count,): (i64,) = sql(statement)
            .bind(event)
            .fetch_one(&self.database)
            .await
            .unwrap();
        count
    }

    /// Returns the bodies of the stored messages of a type, in order.
    pub(super) async fn stored_messages(&self, event_type: &str) -> Vec<Value> {
        let mut bodies = Vec::new();
        let mut last = 0;
        loop {
            let rows: Vec<(i64, Vec<u8>)> = sql("SELECT sequence, payload FROM outbox WHERE event_type = ? AND sequence > ? ORDER BY sequence LIMIT ?")
                .bind(event_type)
                .bind(last)
                .bind(ROWS_PER_SELECT)
                .fetch_all(&self.database)
                .await
                .unwrap();
            let Some((end, _)) = rows.last() else {
                return bodies;
            };
            last = *end;
            bodies.extend(
                rows.iter()
                    .map(|(_, payload)| serde_json::from_slice::<Value>(payload).unwrap()),
            );
        }
    }

    /// Returns how many joins of an event are expired, and how many mails are stored. One statement
    /// reads both in one snapshot. Between two statements, a commit in flight can become visible.
    pub(super) async fn count_expired_and_mails(&self, event: Uuid) -> (i64, i64) {
        sql("SELECT (SELECT count(*) FROM joins WHERE event_id = ? AND status = 'expired'), (SELECT count(*) FROM outbox WHERE event_type = ?)")
            .bind(event)
            .bind(EmailEventCanceled::TYPE)
            .fetch_one(&self.database)
            .await
            .unwrap()
    }

    pub(super) async fn mails(&self) -> Vec<Value> {
        self.stored_messages(EmailEventCanceled::TYPE).await
    }
}

pub(super) fn event(capacity: i32) -> Announcement {
    Announcement {
        event_id: seaworthy::core::new_id(),
        owner_id: None,
        title: "Rust".to_owned(),
        city: "Hamburg".to_owned(),
        category: "tech".to_owned(),
        start_time: None,
        end_time: None,
        capacity,
        status: "published".to_owned(),
        reason: None,
        actor_role: None,
        cover_image_ids: Vec::new(),
    }
}

pub(super) fn change(event: &Announcement) -> EventChange<'_> {
    EventChange {
        event,
        at: Timestamp::now(),
    }
}
