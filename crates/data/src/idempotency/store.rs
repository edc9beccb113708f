use std::time::{Duration, SystemTime, UNIX_EPOCH};

use seaworthy_contract::idempotency::{
    Begun, Fingerprint, IdempotencyConfig, IdempotencyStore, RecordedAnswer, ScopedKey, StoreFuture,
};
use tokio::runtime::Handle;

use super::{
    answer::{Known, known_as},
    error::KeyError,
};
use crate::{Connection, DataError, Database, Transaction, sql};

/// Keys in a database that has the table of [`IDEMPOTENCY_MIGRATIONS`](super::IDEMPOTENCY_MIGRATIONS).
///
/// Bounded in number and size as [`MemoryStore`](seaworthy_contract::idempotency::MemoryStore) is: the answers that end first make room. Times are those of the wall clock,
/// because the table outlives the process. A key whose process ended in the middle is running until its `run` has passed.
#[derive(Debug, Clone)]
pub struct DatabaseStore {
    database: Database,
    most_entries: i64,
    size_limit: i64,
}

impl DatabaseStore {
    /// A store in this database, with the bounds of the settings.
    #[must_use]
    pub fn new(database: Database, config: &IdempotencyConfig) -> Self {
        Self {
            database,
            most_entries: config.most_entries.max(1).try_into().unwrap_or(i64::MAX),
            size_limit: config.memory_limit.get().try_into().unwrap_or(i64::MAX),
        }
    }

    async fn take(
        &self,
        key: &ScopedKey,
        fingerprint: Fingerprint,
        run: Duration,
    ) -> Result<Begun, KeyError> {
        let digest = &key.digest();
        self.database
            .transaction(|tx| async move {
                let now = now();
                sql("DELETE FROM idempotency_keys WHERE ends_ms <= ?")
                    .bind(now)
                    .execute(&tx)
                    .await?;
                // What is there already takes no room.
                if let Some(known) = known(&tx, digest).await? {
                    return Ok(known_as(known, fingerprint)?);
                }
                let size = size_of(digest, None);
                if !self.make_room(&tx, 1, size).await? {
                    return Err(KeyError::Full);
                }
                let token = seaworthy_core::new_id().as_u64_pair().1;
                // Of two callers at once, the second waits here for the first.
                let inserted = sql("INSERT INTO idempotency_keys (digest, token, fingerprint, ends_ms, size) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
                    .on_mysql("INSERT IGNORE INTO idempotency_keys (digest, token, fingerprint, ends_ms, size) VALUES (?, ?, ?, ?, ?)")
                    .bind(digest)
                    .bind(token.cast_signed())
                    .bind(&fingerprint.0[..])
                    .bind(now.saturating_add(milliseconds(run)))
                    .bind(size)
                    .execute(&tx)
                    .await?;
                if inserted.rows_affected() > 0 {
                    return Ok(Begun::New(token));
                }
                match known(&tx, digest).await? {
                    Some(known) => Ok(known_as(known, fingerprint)?),
                    None => Ok(Begun::Running),
                }
            })
            .await
    }

    async fn keep(
        &self,
        key: &ScopedKey,
        token: u64,
        answer: &RecordedAnswer,
        keep: Duration,
    ) -> Result<(), DataError> {
        let digest = &key.digest();
        let size = size_of(digest, Some(answer));
        self.database
            .transaction(|tx| async move {
                let ours = sql("UPDATE idempotency_keys SET size = 0 WHERE digest = ? AND token = ?")
                    .bind(digest)
                    .bind(token.cast_signed())
                    .execute(&tx)
                    .await?;
                if ours.rows_affected() == 0 {
                    return Ok(());
                }
                if !self.make_room(&tx, 0, size).await? {
                    return forget(&tx, digest, token).await;
                }
                sql("UPDATE idempotency_keys SET ends_ms = ?, status = ?, headers = ?, body = ?, size = ? WHERE digest = ?")
                    .bind(now().saturating_add(milliseconds(keep)))
                    .bind(answer.status.as_u16())
                    .bind(answer.header_lines())
                    .bind(&answer.body[..])
                    .bind(size)
                    .bind(digest)
                    .execute(&tx)
                    .await?;
                Ok(())
            })
            .await
    }

    /// Forgets the answers that end first until there is room for `entries` more of this size; `false` where running requests take it all.
    async fn make_room(
        &self,
        tx: &Transaction,
        entries: i64,
        size: i64,
    ) -> Result<bool, DataError> {
        loop {
            let (count, total): (i64, i64) = sql(
                "SELECT count(*), CAST(coalesce(sum(size), 0) AS BIGINT) FROM idempotency_keys",
            )
            .on_mysql(
                "SELECT count(*), CAST(coalesce(sum(size), 0) AS SIGNED) FROM idempotency_keys",
            )
            .fetch_one(tx)
            .await?;
            if count.saturating_add(entries) <= self.most_entries
                && total.saturating_add(size) <= self.size_limit
            {
                return Ok(true);
            }
            let first: Option<(String,)> = sql("SELECT digest FROM idempotency_keys WHERE status IS NOT NULL ORDER BY ends_ms LIMIT 1")
                .fetch_optional(tx)
                .await?;
            let Some((first,)) = first else {
                return Ok(false);
            };
            sql("DELETE FROM idempotency_keys WHERE digest = ?")
                .bind(first)
                .execute(tx)
                .await?;
        }
    }
}

impl IdempotencyStore for DatabaseStore {
    fn begin<'a>(
        &'a self,
        key: &'a ScopedKey,
        fingerprint: Fingerprint,
        run: Duration,
    ) -> StoreFuture<'a, Begun> {
        Box::pin(async move { Ok(self.take(key, fingerprint, run).await?) })
    }

    fn finish<'a>(
        &'a self,
        key: &'a ScopedKey,
        token: u64,
        answer: RecordedAnswer,
        keep: Duration,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let kept = self.keep(key, token, &answer, keep).await;
            Ok(kept.map_err(KeyError::Failed)?)
        })
    }

    fn abandon(&self, key: &ScopedKey, token: u64) {
        // Where no runtime is left the process ends, and the end of `run` gives the key back.
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let (database, digest) = (self.database.clone(), key.digest());
        runtime.spawn(async move {
            if let Err(error) = forget(&database, &digest, token).await {
                tracing::warn!(%error, "an Idempotency-Key could not be given back before its time");
            }
        });
    }
}

async fn known(tx: &Transaction, digest: &str) -> Result<Option<Known>, DataError> {
    sql("SELECT fingerprint, status, headers, body FROM idempotency_keys WHERE digest = ?")
        .bind(digest)
        .fetch_optional(tx)
        .await
}

async fn forget(connection: &dyn Connection, digest: &str, token: u64) -> Result<(), DataError> {
    sql("DELETE FROM idempotency_keys WHERE digest = ? AND token = ?")
        .bind(digest)
        .bind(token.cast_signed())
        .execute(connection)
        .await
        .map(drop)
}

fn size_of(digest: &str, answer: Option<&RecordedAnswer>) -> i64 {
    let answer = answer.map_or(0, |answer| answer.header_lines().len() + answer.body.len());
    (digest.len() + answer).try_into().unwrap_or(i64::MAX)
}

/// Milliseconds of the wall clock.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    milliseconds(since.unwrap_or_default())
}

fn milliseconds(time: Duration) -> i64 {
    time.as_millis().try_into().unwrap_or(i64::MAX)
}
