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
use futures::{TryStreamExt as _, future::BoxFuture};
use publish::{Publications, bind_required};
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
    envelope::HeaderEncoding,
    transport::{
        Deliveries, MAX_PAGE_SIZE, SubscriptionPlan, TopicPlan, Transport, TransportError,
    },
};

/// How long a process waits for another process that writes. Each transaction takes far less.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The encoding of attributes in the file.
const ENCODING: HeaderEncoding = HeaderEncoding { prefix: "ce_" };

/// A broker in an SQLite file, which the processes of one machine may share. Confirmed messages
/// survive a crash of the machine.
///
/// A session claims messages for a time. After a crash its messages are free when their claims
/// expire.
#[derive(Debug, Clone)]
pub struct SqliteBroker(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: SqlitePool,
    publications: Publications,
    config: EmbeddedConfig,
    /// Notified after this process has published or released a message.
    arrived: Notify,
    closed: AtomicBool,
}

impl SqliteBroker {
    /// Opens the file of the settings. Creates the file and its folder if they are missing.
    ///
    /// # Errors
    /// [`TransportError`] if the file cannot be opened or has another format.
    pub async fn open(config: &MessagingConfig) -> Result<Self, TransportError> {
        let file = config.url.file();
        let file = file.ok_or_else(|| TransportError::rejected("the sqlite: URL has no file"))?;
        let file = private_files::open_database(&file).map_err(TransportError::rejected)?;
        let options = SqliteConnectOptions::new()
            .filename(file)
            // SQLite creates files that other users can read.
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            // A confirmed message is on the disk, not only in the cache of the operating system.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT);
        // SQLite has one writer. A second connection of this process would only wait for the first.
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

    /// Binds the groups of these topics.
    async fn create_groups(&self, topics: &[TopicPlan]) -> Result<(), sqlx::Error> {
        if topics.iter().all(|plan| plan.groups.is_empty()) {
            return Ok(());
        }
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        for plan in topics {
            for required in &plan.groups {
                bind_required(&mut transaction, &plan.topic, &required.group).await?;
            }
        }
        transaction.commit().await
    }

    /// Binds a group to the topics of its member only. A publisher binds its required groups again
    /// with its next message, so this removes only the bindings that publishers do not require.
    async fn bind(&self, plan: &SubscriptionPlan) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        for statement in [
            "DELETE FROM broker_bindings WHERE group_name = ?",
            "DELETE FROM broker_required_bindings WHERE group_name = ?",
        ] {
            sqlx::query(statement)
                .bind(plan.group.as_str())
                .execute(&mut *transaction)
                .await?;
        }
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
            self.0.create_groups(&topics).await.map_err(down)?;
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
            let query = sqlx::query("SELECT 1 FROM broker_bindings LIMIT 1");
            query.execute(&self.0.pool).await.map_err(down)?;
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
            let mut rows = sqlx::query(
                "SELECT topic, headers, payload FROM broker_dead_letters
                 WHERE topic = ?1 AND seq > coalesce((SELECT max(seq) FROM broker_dead_letters WHERE topic = ?1 AND id = ?2), 0)
                 ORDER BY seq LIMIT ?3",
            )
            .bind(topic.as_str())
            .bind(after.map(DeadLetterId::as_str))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch(&self.0.pool);
            let (mut page, mut size) = (Vec::new(), 0);
            while size < MAX_PAGE_SIZE.as_usize()
                && let Some(row) = rows.try_next().await.map_err(down)?
            {
                let letter = envelope(&row).map_err(down)?;
                size += letter.size();
                page.push(letter);
            }
            Ok(page)
        })
    }

    fn remove<'a>(
        &'a self,
        topic: &'a Topic,
        ids: &'a [DeadLetterId],
    ) -> BoxFuture<'a, Result<u64, TransportError>> {
        Box::pin(async move {
            self.0.is_open()?;
            let ids = serde_json::to_string(ids).map_err(TransportError::rejected)?;
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

/// Decodes a row with the columns `topic`, `headers` and `payload`.
fn envelope(row: &SqliteRow) -> Result<Envelope, sqlx::Error> {
    let broken = |error: Box<dyn std::error::Error + Send + Sync>| sqlx::Error::Decode(error);
    let topic: &str = row.try_get("topic")?;
    let topic = Topic::from_stored(topic).map_err(|error| broken(error.into()))?;
    let headers: &str = row.try_get("headers")?;
    let headers: Vec<(String, String)> =
        serde_json::from_str(headers).map_err(|error| broken(error.into()))?;
    let payload: Vec<u8> = row.try_get("payload")?;
    Ok(Envelope::from_headers(
        ENCODING,
        topic,
        headers,
        Bytes::from(payload),
    ))
}

/// Encodes the headers of a message for a row.
fn headers(envelope: &Envelope) -> Result<String, serde_json::Error> {
    serde_json::to_string(&envelope.to_headers(ENCODING))
}

/// Classifies database errors as transient, such as a full disk or another writer.
fn down(error: sqlx::Error) -> TransportError {
    match error {
        sqlx::Error::PoolClosed => TransportError::Closed,
        error => TransportError::unavailable(error),
    }
}

/// Returns the wall clock time in milliseconds. All processes of the machine share this clock.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    milliseconds(since.unwrap_or_default())
}

fn milliseconds(time: Duration) -> i64 {
    time.as_millis().try_into().unwrap_or(i64::MAX)
}
