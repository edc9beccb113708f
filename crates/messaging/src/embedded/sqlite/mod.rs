mod deliveries;
mod publish;
mod schema;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use deliveries::SqliteDeliveries;
use futures::future::BoxFuture;
use publish::Publications;
use seaworthy_service::private_files;
use sqlx::{
    Row as _, SqlitePool,
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
    },
};
use tokio::sync::Notify;

use crate::{
    DeadLetterId, EmbeddedConfig, Envelope, GroupName, MessagingConfig, PublishError, Topic,
    envelope::Mode,
    transport::{Deliveries, SubscriptionPlan, TopicPlan, Transport, TransportError},
};

/// How long one process waits for another that writes: far longer than any of these transactions takes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How attributes are told from headers in the file.
const MODE: Mode = Mode { prefix: "ce_" };

/// A broker in a file of SQLite, which the processes of one machine may share. What it has confirmed survives a crash of the machine.
///
/// A message belongs to a session by a lease: a process that ends without a word gives its messages back when their leases end.
#[derive(Debug, Clone)]
pub struct SqliteBroker(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: SqlitePool,
    publications: Publications,
    config: EmbeddedConfig,
    /// Something has come, or something was given back, in this process.
    arrived: Notify,
    closed: AtomicBool,
}

impl SqliteBroker {
    /// Opens the file that the settings name, and makes it and its folder where they are missing.
    ///
    /// # Errors
    /// [`TransportError`] when the file cannot be used, or belongs to something else.
    pub async fn open(config: &MessagingConfig) -> Result<Self, TransportError> {
        let file = config.url.file();
        let file = file.ok_or_else(|| TransportError::refused("the URL names no file"))?;
        let file = private_files::open_database(&file).map_err(TransportError::refused)?;
        let options = SqliteConnectOptions::new()
            .filename(file)
            // SQLite creates files that other users can read.
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            // What is confirmed is on the disk, not only with the operating system.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT);
        // SQLite has one writer; a second connection of this process would only wait for the first.
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options)
            .await
            .map_err(down)?;
        schema::prepare(&pool).await?;
        Ok(Self(Arc::new(Inner {
            pool,
            publications: Publications::new(config.embedded.max_backlog),
            config: config.embedded.clone(),
            arrived: Notify::new(),
            closed: AtomicBool::new(false),
        })))
    }
}

impl Inner {
    fn is_open(&self) -> Result<(), TransportError> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(TransportError::Closed);
        }
        Ok(())
    }

    async fn bind(&self, plan: &SubscriptionPlan) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("DELETE FROM broker_bindings WHERE group_name = ?")
            .bind(plan.group.as_str())
            .execute(&mut *transaction)
            .await?;
        for topic in &plan.topics {
            sqlx::query("INSERT INTO broker_bindings (topic, group_name) VALUES (?, ?)")
                .bind(topic.as_str())
                .bind(plan.group.as_str())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await
    }
}

impl Transport for SqliteBroker {
    fn system(&self) -> &'static str {
        "sqlite"
    }

    fn declare(&self, topics: Vec<TopicPlan>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            self.0.is_open()?;
            self.0.publications.declare(topics);
            Ok(())
        })
    }

    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>> {
        Box::pin(async move {
            if self.0.is_open().is_err() {
                return batch.iter().map(|_| Err(PublishError::Closed)).collect();
            }
            let answers = self.0.publications.publish(&self.0.pool, batch).await;
            self.0.arrived.notify_waiters();
            answers
        })
    }

    fn keeps_key_order(&self) -> bool {
        true
    }

    fn open(
        &self,
        plan: SubscriptionPlan,
    ) -> BoxFuture<'_, Result<Arc<dyn Deliveries>, TransportError>> {
        Box::pin(async move {
            self.0.is_open()?;
            self.0.bind(&plan).await.map_err(down)?;
            let deliveries: Arc<dyn Deliveries> =
                Arc::new(SqliteDeliveries::new(Arc::clone(&self.0), plan));
            Ok(deliveries)
        })
    }

    fn lag<'a>(&'a self, group: &'a GroupName) -> BoxFuture<'a, Result<u64, TransportError>> {
        Box::pin(async move {
            self.0.is_open()?;
            let count: i64 =
                sqlx::query_scalar("SELECT count(*) FROM broker_messages WHERE group_name = ?")
                    .bind(group.as_str())
                    .fetch_one(&self.0.pool)
                    .await
                    .map_err(down)?;
            Ok(u64::try_from(count).unwrap_or_default())
        })
    }

    fn check(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            self.0.is_open()?;
            let asked = sqlx::query("SELECT 1 FROM broker_bindings LIMIT 1");
            asked.execute(&self.0.pool).await.map_err(down)?;
            Ok(())
        })
    }

    fn browse<'a>(
        &'a self,
        topic: &'a Topic,
        after: Option<&'a DeadLetterId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Envelope>, TransportError>> {
        Box::pin(async move {
            self.0.is_open()?;
            let rows = sqlx::query(
                "SELECT topic, headers, payload FROM broker_dead_letters
                 WHERE topic = ?1 AND seq > coalesce((SELECT max(seq) FROM broker_dead_letters WHERE topic = ?1 AND id = ?2), 0)
                 ORDER BY seq LIMIT ?3",
            )
            .bind(topic.as_str())
            .bind(after.map(DeadLetterId::as_str))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&self.0.pool)
            .await
            .map_err(down)?;
            rows.iter().map(|row| envelope(row).map_err(down)).collect()
        })
    }

    fn remove<'a>(
        &'a self,
        topic: &'a Topic,
        ids: &'a [DeadLetterId],
    ) -> BoxFuture<'a, Result<u64, TransportError>> {
        Box::pin(async move {
            self.0.is_open()?;
            let ids = serde_json::to_string(ids).map_err(TransportError::refused)?;
            let removed = sqlx::query(
                "DELETE FROM broker_dead_letters WHERE topic = ? AND id IN (SELECT value FROM json_each(?))",
            )
            .bind(topic.as_str())
            .bind(ids)
            .execute(&self.0.pool)
            .await
            .map_err(down)?;
            Ok(removed.rows_affected())
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.0.closed.store(true, Ordering::SeqCst);
            self.0.arrived.notify_waiters();
            self.0.publications.finish().await;
            self.0.pool.close().await;
        })
    }
}

/// The message of a row with the columns `topic`, `headers` and `payload`.
fn envelope(row: &SqliteRow) -> Result<Envelope, sqlx::Error> {
    let broken = |error: Box<dyn std::error::Error + Send + Sync>| sqlx::Error::Decode(error);
    let topic: &str = row.try_get("topic")?;
    let topic = Topic::stored(topic).map_err(|error| broken(error.into()))?;
    let headers: &str = row.try_get("headers")?;
    let headers: Vec<(String, String)> =
        serde_json::from_str(headers).map_err(|error| broken(error.into()))?;
    let payload: Vec<u8> = row.try_get("payload")?;
    Ok(Envelope::from_headers(
        MODE,
        topic,
        headers,
        Bytes::from(payload),
    ))
}

/// The headers of a message as a row has them.
fn headers(envelope: &Envelope) -> Result<String, serde_json::Error> {
    serde_json::to_string(&envelope.to_headers(MODE))
}

/// A file that cannot be read or written now may be again: a full disk, another writer.
fn down(error: sqlx::Error) -> TransportError {
    match error {
        sqlx::Error::PoolClosed => TransportError::Closed,
        error => TransportError::unavailable(error),
    }
}

/// Milliseconds of the wall clock, which all processes of the machine share.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    milliseconds(since.unwrap_or_default())
}

fn milliseconds(time: Duration) -> i64 {
    time.as_millis().try_into().unwrap_or(i64::MAX)
}
