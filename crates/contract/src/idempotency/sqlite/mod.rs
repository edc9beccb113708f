use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use seaworthy_core::{Code, Error};
use sqlx::{Row as _, SqliteConnection, SqlitePool, sqlite::SqliteRow};
use tokio::runtime::Handle;

use super::{
    Begun, Fingerprint, IdempotencyConfig, IdempotencyStore, RecordedAnswer, ScopedKey, StoreFuture,
};
use crate::error::reason;

/// Keys in the database of the service: what was answered is known after a restart too, also after one that nobody asked for.
///
/// It has a table of its own, `idempotency_keys`, and makes it. Bounded in number and size like
/// [`MemoryStore`](super::MemoryStore): the answers that end first make room. Times are those of the wall clock, because the table outlives the
/// process. A key whose process ended in the middle is running until its `run` has passed.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    pool: SqlitePool,
    most_entries: i64,
    size_limit: i64,
}

const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS idempotency_keys (
        key TEXT PRIMARY KEY,
        token INTEGER NOT NULL,
        fingerprint BLOB NOT NULL,
        ends_at INTEGER NOT NULL,
        status INTEGER,
        headers BLOB,
        body BLOB,
        size INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID";
const BY_END: &str =
    "CREATE INDEX IF NOT EXISTS idempotency_keys_by_end ON idempotency_keys (ends_at, size)";

impl SqliteStore {
    /// A store in the database of a pool, with the bounds of the settings.
    ///
    /// # Errors
    /// The table cannot be made.
    pub async fn open(pool: SqlitePool, config: &IdempotencyConfig) -> Result<Self, sqlx::Error> {
        sqlx::query(TABLE).execute(&pool).await?;
        sqlx::query(BY_END).execute(&pool).await?;
        Ok(Self {
            pool,
            most_entries: config.most_entries.max(1).try_into().unwrap_or(i64::MAX),
            size_limit: config.memory_limit.get().try_into().unwrap_or(i64::MAX),
        })
    }

    async fn take(
        &self,
        key: &ScopedKey,
        fingerprint: Fingerprint,
        run: Duration,
    ) -> Result<Begun, StoreError> {
        let now = now();
        // Two callers at once are one after the other.
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("DELETE FROM idempotency_keys WHERE ends_at <= ?")
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        let known = sqlx::query("SELECT * FROM idempotency_keys WHERE key = ?")
            .bind(key.as_str())
            .fetch_optional(&mut *transaction)
            .await?;
        let begun = match known {
            Some(row) => known_as(&row, fingerprint)?,
            None => {
                let size = size_of(key, None);
                if !self.make_room(&mut transaction, size).await? {
                    return Err(StoreError::Full);
                }
                let token = seaworthy_core::new_id().as_u64_pair().1;
                sqlx::query("INSERT INTO idempotency_keys (key, token, fingerprint, ends_at, size) VALUES (?, ?, ?, ?, ?)")
                    .bind(key.as_str())
                    .bind(token.cast_signed())
                    .bind(&fingerprint.0[..])
                    .bind(now.saturating_add(milliseconds(run)))
                    .bind(size)
                    .execute(&mut *transaction)
                    .await?;
                Begun::New(token)
            }
        };
        transaction.commit().await?;
        Ok(begun)
    }

    async fn keep(
        &self,
        key: &ScopedKey,
        token: u64,
        answer: &RecordedAnswer,
        keep: Duration,
    ) -> Result<(), StoreError> {
        let size = size_of(key, Some(answer));
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let is_ours = sqlx::query(
            "DELETE FROM idempotency_keys WHERE key = ? AND token = ? RETURNING fingerprint",
        )
        .bind(key.as_str())
        .bind(token.cast_signed())
        .fetch_optional(&mut *transaction)
        .await?;
        if let Some(row) = is_ours
            && self.make_room(&mut transaction, size).await?
        {
            sqlx::query("INSERT INTO idempotency_keys (key, token, fingerprint, ends_at, status, headers, body, size) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
                .bind(key.as_str())
                .bind(token.cast_signed())
                .bind(row.try_get::<Vec<u8>, _>("fingerprint")?)
                .bind(now().saturating_add(milliseconds(keep)))
                .bind(answer.status.as_u16())
                .bind(lines(&answer.headers))
                .bind(&answer.body[..])
                .bind(size)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Forgets the answers that end first until there is room; `false` where running requests take it all.
    async fn make_room(
        &self,
        connection: &mut SqliteConnection,
        size: i64,
    ) -> Result<bool, StoreError> {
        loop {
            let (count, total): (i64, i64) =
                sqlx::query_as("SELECT count(*), coalesce(sum(size), 0) FROM idempotency_keys")
                    .fetch_one(&mut *connection)
                    .await?;
            if count < self.most_entries && total + size <= self.size_limit {
                return Ok(true);
            }
            let forgotten = sqlx::query(
                "DELETE FROM idempotency_keys WHERE key = (SELECT key FROM idempotency_keys WHERE status IS NOT NULL ORDER BY ends_at LIMIT 1)",
            )
            .execute(&mut *connection)
            .await?;
            if forgotten.rows_affected() == 0 {
                return Ok(false);
            }
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum StoreError {
    #[error("too many requests with an Idempotency-Key are running")]
    Full,
    #[error("what was answered before is not known now")]
    Failed(#[from] sqlx::Error),
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::Full => {
                Self::new(Code::Unavailable, reason::IDEMPOTENCY_STORE_FULL, message)
            }
            StoreError::Failed(cause) => {
                let reason = reason::IDEMPOTENCY_STORE_FAILED;
                Self::new(Code::Unavailable, reason, message).with_cause(cause)
            }
        }
    }
}

impl IdempotencyStore for SqliteStore {
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
        Box::pin(async move { Ok(self.keep(key, token, &answer, keep).await?) })
    }

    fn abandon(&self, key: &ScopedKey, token: u64) {
        // Where no runtime is left the process ends, and the end of `run` gives the key back.
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let (pool, key) = (self.pool.clone(), key.clone());
        runtime.spawn(async move {
            let deleted =
                sqlx::query("DELETE FROM idempotency_keys WHERE key = ? AND token = ?")
                    .bind(key.as_str())
                    .bind(token.cast_signed())
                    .execute(&pool)
                    .await;
            if let Err(error) = deleted {
                tracing::warn!(%error, "an Idempotency-Key could not be given back before its time");
            }
        });
    }
}

fn known_as(row: &SqliteRow, fingerprint: Fingerprint) -> Result<Begun, sqlx::Error> {
    if row.try_get::<&[u8], _>("fingerprint")? != fingerprint.0 {
        return Ok(Begun::Mismatch);
    }
    let Some(status) = row.try_get::<Option<u16>, _>("status")? else {
        return Ok(Begun::Running);
    };
    Ok(Begun::Answered(RecordedAnswer {
        status: StatusCode::from_u16(status)
            .map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
        headers: headers(row.try_get("headers")?),
        body: row.try_get::<Vec<u8>, _>("body")?.into(),
    }))
}

/// One header a line, as on the wire: neither names nor values have line feeds.
fn lines(headers: &HeaderMap) -> Vec<u8> {
    headers
        .iter()
        .flat_map(|(name, value)| [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\n"])
        .flatten()
        .copied()
        .collect()
}

fn headers(lines: &[u8]) -> HeaderMap {
    lines
        .split(|byte| *byte == b'\n')
        .filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let (name, value) = line.split_at_checked(colon)?;
            let name = HeaderName::from_bytes(name).ok()?;
            let value = HeaderValue::from_bytes(value.strip_prefix(b": ")?).ok()?;
            Some((name, value))
        })
        .collect()
}

fn size_of(key: &ScopedKey, answer: Option<&RecordedAnswer>) -> i64 {
    let answer = answer.map_or(0, |answer| lines(&answer.headers).len() + answer.body.len());
    (key.as_str().len() + answer).try_into().unwrap_or(i64::MAX)
}

/// Milliseconds of the wall clock.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    milliseconds(since.unwrap_or_default())
}

fn milliseconds(time: Duration) -> i64 {
    time.as_millis().try_into().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
