use std::{
    any::Any,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use seaworthy_contract::idempotency::{
    Begun, Ending, Fingerprint, IdempotencyConfig, IdempotencyStore, RecordedAnswer, ScopedKey,
    StoreFuture, Times,
};

use super::{
    answer::Known,
    error::KeyError,
    mark::KeyMark,
    outcome,
    room::{Capacity, Limits, Wanted},
};
use crate::{DataError, Database, Transaction, sql};

/// The hexadecimal digits of a SHA-256.
const DIGEST_LENGTH: usize = 64;
/// A moment that has passed, and that is not 0: the end of a run that is over.
const OVER_MS: i64 = 1;

/// Keys in a database that has the table of [`IDEMPOTENCY_MIGRATIONS`](super::IDEMPOTENCY_MIGRATIONS).
///
/// Each transaction of this database that a call commits records under its key that the call took effect, in the same transaction. So what a call did is known where it
/// fails: where its commit is lost on the way, where it panics or takes too long, and where its process dies. A repeat runs exactly where nothing was committed. What a call
/// changes in another database is [reported](seaworthy_core::effects), and forgotten where the process dies. Requests to other services need an idempotency key of their own.
///
/// Bounded in number and size as [`MemoryStore`](seaworthy_contract::idempotency::MemoryStore) is. Times are those of the wall clock, because the table outlives the process.
#[derive(Debug, Clone)]
pub struct DatabaseStore {
    database: Database,
    capacity: Arc<Capacity>,
}

impl DatabaseStore {
    /// A store in this database, with the bounds of the settings.
    #[must_use]
    pub fn new(database: Database, config: &IdempotencyConfig) -> Self {
        let limits = Limits {
            entries: config.most_entries.max(1).try_into().unwrap_or(i64::MAX),
            size: config.memory_limit.get().try_into().unwrap_or(i64::MAX),
        };
        let capacity = Capacity::new(limits, database.config().maximum_rows);
        Self {
            database,
            capacity: Arc::new(capacity),
        }
    }

    /// The database that has the keys.
    #[must_use]
    pub const fn database(&self) -> &Database {
        &self.database
    }

    async fn take(
        &self,
        key: &ScopedKey,
        fingerprint: Fingerprint,
        times: Times,
    ) -> Result<Begun, KeyError> {
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
                // What is there already takes no room.
                if let Some(known) = Known::of(&tx, digest).await? {
                    let token = known.token;
                    if let Some(begun) = known.into_begun(fingerprint, now)? {
                        return Ok(begun);
                    }
                    // It waits for a transaction of the late call, which has marked the key then.
                    if !free(&tx, digest, token).await? {
                        return Ok(Begun::Running);
                    }
                }
                let size = size_of(key, None);
                let wanted = Wanted {
                    share: key.share(),
                    entries: 1,
                    size,
                };
                if !self.capacity.make_room(&tx, wanted, now).await? {
                    return Err(KeyError::Full);
                }
                let token = seaworthy_core::new_id().as_u64_pair().1;
                let run_ends = now.saturating_add(milliseconds(times.run)).max(OVER_MS);
                // Of two callers at once, the second waits here for the first.
                let inserted = sql("INSERT INTO idempotency_keys (digest, share, token, fingerprint, run_ends_ms, ends_ms, outcome, size) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
                    .on_mysql("INSERT IGNORE INTO idempotency_keys (digest, share, token, fingerprint, run_ends_ms, ends_ms, outcome, size) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
                    .bind(digest)
                    .bind(&**key.share())
                    .bind(token.cast_signed())
                    .bind(&fingerprint.0[..])
                    .bind(run_ends)
                    .bind(run_ends.saturating_add(milliseconds(times.keep)))
                    .bind(outcome::NONE)
                    .bind(size)
                    .execute(&tx)
                    .await?;
                if inserted.rows_affected() > 0 {
                    return Ok(Begun::New(token));
                }
                match Known::of(&tx, digest).await? {
                    Some(known) => Ok(known.into_begun(fingerprint, now)?.unwrap_or(Begun::Running)),
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
        let size = size_of(key, Some(answer));
        let ends = now().saturating_add(milliseconds(keep));
        self.database
            .transaction(|tx| async move {
                if !end(&tx, digest, token, outcome::DONE, ends).await? {
                    return Ok(());
                }
                let wanted = Wanted {
                    share: key.share(),
                    entries: 0,
                    size,
                };
                // This key itself may not make room for its answer.
                sql("UPDATE idempotency_keys SET run_ends_ms = 0, size = 0 WHERE digest = ?")
                    .bind(digest)
                    .execute(&tx)
                    .await?;
                if !self.capacity.make_room(&tx, wanted, now()).await? {
                    sql("UPDATE idempotency_keys SET run_ends_ms = ?, size = ? WHERE digest = ?")
                        .bind(OVER_MS)
                        .bind(size_of(key, None))
                        .bind(digest)
                        .execute(&tx)
                        .await?;
                    return Ok(());
                }
                sql("UPDATE idempotency_keys SET status = ?, headers = ?, body = ?, size = ? WHERE digest = ?")
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

    async fn end_without_answer(
        &self,
        key: &ScopedKey,
        token: u64,
        ending: Ending,
        keep: Duration,
    ) -> Result<(), DataError> {
        let digest = &key.digest();
        let ends = now().saturating_add(milliseconds(keep));
        self.database
            .transaction(|tx| async move {
                let outcome = match ending {
                    // A transaction of the call that is still being committed has locked the row: this waits for it.
                    Ending::NotDone | Ending::Unproven => {
                        if free(&tx, digest, token.cast_signed()).await? {
                            return Ok(());
                        }
                        outcome::DONE
                    }
                    Ending::Unknown => outcome::UNKNOWN,
                    Ending::Done => outcome::DONE,
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
        times: Times,
    ) -> StoreFuture<'a, Begun> {
        Box::pin(async move { Ok(self.take(key, fingerprint, times).await?) })
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

    fn settle<'a>(
        &'a self,
        key: &'a ScopedKey,
        token: u64,
        ending: Ending,
        keep: Duration,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let settled = self.end_without_answer(key, token, ending, keep).await;
            Ok(settled.map_err(KeyError::Failed)?)
        })
    }

    fn participant(&self, key: &ScopedKey, token: u64) -> Option<Box<dyn Any + Send + Sync>> {
        let mark = KeyMark::new(self.database.clone(), key.digest(), token);
        Some(Box::new(mark))
    }
}

/// Forgets the key of a call that has committed nothing; `false` where it has, or the key is another's.
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

/// Records that a call is over, and what it did. A transaction that it committed goes before what is thought of it. `false` where the key is another's.
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

/// The bytes of a key's digest and share, and of its answer.
fn size_of(key: &ScopedKey, answer: Option<&RecordedAnswer>) -> i64 {
    let answer = answer.map_or(0, |answer| answer.header_lines().len() + answer.body.len());
    (DIGEST_LENGTH + key.share().len() + answer)
        .try_into()
        .unwrap_or(i64::MAX)
}

/// Milliseconds of the wall clock.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    milliseconds(since.unwrap_or_default())
}

fn milliseconds(time: Duration) -> i64 {
    time.as_millis().try_into().unwrap_or(i64::MAX)
}
