use std::{
    any::Any,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use seaworthy_contract::idempotency::{
    CallOutcome, Fingerprint, IdempotencyConfig, IdempotencyStore, KeyState, Lifetimes,
    RecordedResponse, ScopedKey, StoreFuture,
};

use super::{
    capacity::{Capacity, Demand, Limits},
    error::KeyError,
    known_key::Known,
    mark::KeyMark,
    outcome,
};
use crate::{DataError, Database, Transaction, sql};

/// The number of hexadecimal digits of a SHA-256.
const DIGEST_LENGTH: usize = 64;
/// The value of `run_ends_ms` for a run that is over. It is in the past and differs from 0.
const OVER_MS: i64 = 1;

/// Idempotency keys in a database with the tables of
/// [`IDEMPOTENCY_MIGRATIONS`](super::IDEMPOTENCY_MIGRATIONS).
///
/// Each writing transaction of a call marks its key in the same transaction. The database therefore
/// resolves a lost commit, a panic, a timeout and a crash of the process. A repeat runs only if
/// nothing was committed. The process [reports](seaworthy_core::effects) changes in other
/// databases. A crash loses these reports. Requests to other services need their own idempotency
/// keys.
///
/// The number and the size of the keys are limited as in
/// [`MemoryStore`](seaworthy_contract::idempotency::MemoryStore). Each process counts the table
/// once a second, so several replicas may exceed the limits for a moment. Lifetimes use the wall
/// clock, because the table remains after a restart.
#[derive(Debug, Clone)]
pub struct DatabaseStore {
    database: Database,
    capacity: Arc<Capacity>,
}

impl DatabaseStore {
    /// Creates a store in this database, with the limits of the settings.
    #[must_use]
    pub fn new(database: Database, config: &IdempotencyConfig) -> Self {
        let limits = Limits {
            entries: config.max_entries.max(1).try_into().unwrap_or(i64::MAX),
            size: config.max_memory.get().try_into().unwrap_or(i64::MAX),
        };
        let capacity = Capacity::new(limits, database.config().max_rows);
        Self {
            database,
            capacity: Arc::new(capacity),
        }
    }

    /// Returns the database of the keys.
    #[must_use]
    pub const fn database(&self) -> &Database {
        &self.database
    }

    async fn take(
        &self,
        key: &ScopedKey,
        fingerprint: Fingerprint,
        lifetimes: Lifetimes,
    ) -> Result<KeyState, KeyError> {
        let digest = &key.digest();
        self.database
            .transaction(|tx| async move {
                let now = now();
                // Other expired keys are deleted in pages, when room is made.
                sql("DELETE FROM idempotency_keys WHERE digest = ? AND ends_ms <= ?")
                    .bind(digest)
                    .bind(now)
                    .execute(&tx)
                    .await?;
                // A known key needs no room.
                if let Some(known) = Known::of(&tx, digest).await? {
                    let token = known.token;
                    if let Some(begun) = known.into_begun(fingerprint, now)? {
                        return Ok(begun);
                    }
                    // This waits for a late transaction of the earlier call, which marks the key.
                    if !free(&tx, digest, token).await? {
                        return Ok(KeyState::Running);
                    }
                }
                let size = size_of(key, None);
                let demand = Demand {
                    share: key.owner(),
                    entries: 1,
                    size,
                };
                if !self.capacity.free_space(&tx, demand, now).await? {
                    return Err(KeyError::Full);
                }
                let token = seaworthy_core::new_id().as_u64_pair().1;
                let run_ends = now.saturating_add(milliseconds(lifetimes.timeout)).max(OVER_MS);
                // A concurrent call with the same key waits here.
                let inserted = sql("INSERT INTO idempotency_keys (digest, share, token, fingerprint, run_ends_ms, ends_ms, outcome, size) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
                    .on_mysql("INSERT IGNORE INTO idempotency_keys (digest, share, token, fingerprint, run_ends_ms, ends_ms, outcome, size) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
                    .bind(digest)
                    .bind(&**key.owner())
                    .bind(token.cast_signed())
                    .bind(&fingerprint.0[..])
                    .bind(run_ends)
                    .bind(run_ends.saturating_add(milliseconds(lifetimes.ttl)))
                    .bind(outcome::NONE)
                    .bind(size)
                    .execute(&tx)
                    .await?;
                if inserted.rows_affected() > 0 {
                    return Ok(KeyState::Claimed(token));
                }
                match Known::of(&tx, digest).await? {
                    Some(known) => Ok(known.into_begun(fingerprint, now)?.unwrap_or(KeyState::Running)),
                    None => Ok(KeyState::Running),
                }
            })
            .await
    }

    async fn store_response(
        &self,
        key: &ScopedKey,
        token: u64,
        response: &RecordedResponse,
        ttl: Duration,
    ) -> Result<(), DataError> {
        let digest = &key.digest();
        let size = size_of(key, Some(response));
        let ends = now().saturating_add(milliseconds(ttl));
        self.database
            .transaction(|tx| async move {
                if !end(&tx, digest, token, outcome::DONE, ends).await? {
                    return Ok(());
                }
                let demand = Demand {
                    share: key.owner(),
                    entries: 0,
                    size,
                };
                // The key must not be evicted for its own response.
                sql("UPDATE idempotency_keys SET run_ends_ms = 0, size = 0 WHERE digest = ?")
                    .bind(digest)
                    .execute(&tx)
                    .await?;
                if !self.capacity.free_space(&tx, demand, now()).await? {
                    sql("UPDATE idempotency_keys SET run_ends_ms = ?, size = ? WHERE digest = ?")
                        .bind(OVER_MS)
                        .bind(size_of(key, None))
                        .bind(digest)
                        .execute(&tx)
                        .await?;
                    return Ok(());
                }
                sql("UPDATE idempotency_keys SET status = ?, headers = ?, body = ?, size = ? WHERE digest = ?")
                    .bind(response.status.as_u16())
                    .bind(response.header_lines())
                    .bind(&response.body[..])
                    .bind(size)
                    .bind(digest)
                    .execute(&tx)
                    .await?;
                Ok(())
            })
            .await
    }

    async fn settle_call(
        &self,
        key: &ScopedKey,
        token: u64,
        call_outcome: CallOutcome,
        ttl: Duration,
    ) -> Result<(), DataError> {
        let digest = &key.digest();
        let ends = now().saturating_add(milliseconds(ttl));
        self.database
            .transaction(|tx| async move {
                let outcome = match call_outcome {
                    // A transaction of the call that is being committed holds the lock of the row.
                    CallOutcome::Unchanged | CallOutcome::Failed => {
                        if free(&tx, digest, token.cast_signed()).await? {
                            return Ok(());
                        }
                        outcome::DONE
                    }
                    CallOutcome::Unknown => outcome::UNKNOWN,
                    CallOutcome::Changed => outcome::DONE,
                };
                end(&tx, digest, token, outcome, ends).await.map(drop)
            })
            .await
    }
}

impl IdempotencyStore for DatabaseStore {
    fn begin<'a>(
        &'a self,
        key: &'a ScopedKey,
        fingerprint: Fingerprint,
        lifetimes: Lifetimes,
    ) -> StoreFuture<'a, KeyState> {
        Box::pin(async move { Ok(self.take(key, fingerprint, lifetimes).await?) })
    }

    fn finish<'a>(
        &'a self,
        key: &'a ScopedKey,
        token: u64,
        response: RecordedResponse,
        ttl: Duration,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let stored = self.store_response(key, token, &response, ttl).await;
            Ok(stored.map_err(KeyError::Failed)?)
        })
    }

    fn settle<'a>(
        &'a self,
        key: &'a ScopedKey,
        token: u64,
        call_outcome: CallOutcome,
        ttl: Duration,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let settled = self.settle_call(key, token, call_outcome, ttl).await;
            Ok(settled.map_err(KeyError::Failed)?)
        })
    }

    fn participant(&self, key: &ScopedKey, token: u64) -> Option<Box<dyn Any + Send + Sync>> {
        let mark = KeyMark::new(self.database.clone(), key.digest(), token);
        Some(Box::new(mark))
    }
}

/// Deletes the key of a call that committed nothing. Returns `false` if the call committed, or
/// another call has taken the key.
async fn free(tx: &Transaction, digest: &str, token: i64) -> Result<bool, DataError> {
    let freed = sql(
        "DELETE FROM idempotency_keys WHERE digest = ? AND token = ? AND outcome = ? AND status IS NULL",
    )
    .bind(digest)
    .bind(token)
    .bind(outcome::NONE)
    .execute(tx)
    .await?;
    Ok(freed.rows_affected() > 0)
}

/// Records the end of a call and its outcome. A committed transaction has precedence over
/// `outcome`. Returns `false` if another call has taken the key.
async fn end(
    tx: &Transaction,
    digest: &str,
    token: u64,
    outcome: i64,
    ends: i64,
) -> Result<bool, DataError> {
    let ended = sql(
        "UPDATE idempotency_keys SET run_ends_ms = ?, ends_ms = ?, outcome = CASE WHEN outcome = ? THEN outcome ELSE ? END WHERE digest = ? AND token = ?",
    )
    .bind(OVER_MS)
    .bind(ends)
    .bind(outcome::DONE)
    .bind(outcome)
    .bind(digest)
    .bind(token.cast_signed())
    .execute(tx)
    .await?;
    Ok(ended.rows_affected() > 0)
}

/// Returns the size in bytes of the digest, the share and the response.
fn size_of(key: &ScopedKey, response: Option<&RecordedResponse>) -> i64 {
    let response = response.map_or(0, |response| {
        response.header_lines().len() + response.body.len()
    });
    (DIGEST_LENGTH + key.owner().len() + response)
        .try_into()
        .unwrap_or(i64::MAX)
}

/// Returns the wall clock in milliseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    milliseconds(since.unwrap_or_default())
}

fn milliseconds(time: Duration) -> i64 {
    time.as_millis().try_into().unwrap_or(i64::MAX)
}
