use std::time::Duration;

use seaworthy_core::{Code, Error};
use seaworthy_data::{Transaction, chrono::Utc};
use seaworthy_redis::{Redis, RedisConfig, RedisError};
use seaworthy_service::StartError;
use serde::Serialize;

use super::store::{LOCK_TTL, Store};
use crate::{Refreshed, RequestOrigin, Sessions};

/// The record of an active session. Redis stores it as JSON, for other services and for operators.
pub trait ActiveSession: Serialize + Sync {
    /// Returns the ID of the session.
    fn session_id(&self) -> &str;
}

/// The active sessions, in Redis or in memory. All services of a process share its memory store.
/// Cheap to clone.
///
/// An access token with the ID of its session is valid while the session is active. The database
/// has the refresh tokens ([`Sessions`]). Redis has the record of a session as `session:{id}` for 30
/// days after its last use, and the lock of its refresh as `lock:refresh:{id}`. The memory store has
/// the ended sessions only: all others are active. Use Redis with more than one process.
///
/// ```no_run
/// use seaworthy_account::{ActiveSession, ActiveSessions, Sessions};
/// use seaworthy_core::Error;
/// use seaworthy_data::Transaction;
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct Record {
///     id: String,
/// }
///
/// impl ActiveSession for Record {
///     fn session_id(&self) -> &str {
///         &self.id
///     }
/// }
///
/// /// Logs a user in, whose row the transaction has locked.
/// async fn log_in(
///     active: &ActiveSessions,
///     sessions: &Sessions,
///     tx: &Transaction,
/// ) -> Result<String, Error> {
///     let session = active.begin(sessions, tx, "user-7".to_owned()).await?;
///     active.put(&Record { id: session.id.clone() }).await?;
///     Ok(session.id)
/// }
/// # drop(log_in);
/// ```
#[derive(Debug, Clone)]
pub struct ActiveSessions(Store);

impl ActiveSessions {
    /// How long a refresh may hold its lock.
    pub const REFRESH_LOCK_TTL: Duration = LOCK_TTL;

    /// Creates the store in a Redis, or in memory without settings. The first call connects.
    ///
    /// # Errors
    /// The settings of Redis are invalid.
    pub fn new(config: Option<&RedisConfig>) -> Result<Self, StartError> {
        let Some(config) = config else {
            return Ok(Self(Store::in_memory()));
        };
        let redis = Redis::new(config);
        let redis = redis.map_err(|error| {
            StartError::with_cause(
                "the Redis client cannot be created: check the Redis settings",
                error,
            )
        })?;
        Ok(Self(Store::Redis(redis)))
    }

    /// Begins a session of a user, whose row the transaction has locked or inserted, and ends those
    /// above the maximum number. The caller makes it active with [`put`](Self::put), before the
    /// commit.
    ///
    /// # Errors
    /// An error of the database, or `SESSIONS_UNAVAILABLE` if Redis is unavailable.
    pub async fn begin(
        &self,
        sessions: &Sessions,
        tx: &Transaction,
        user: String,
    ) -> Result<Refreshed, Error> {
        for surplus in sessions.revoke_surplus(tx, &user).await? {
            self.remove(&surplus).await?;
        }
        let origin = RequestOrigin::current();
        let begun = sessions.begin(tx, &user, origin.as_origin()).await?;
        Ok(Refreshed {
            id: begun.id,
            user,
            begun_us: Utc::now().timestamp_micros(),
            token: begun.token,
        })
    }

    /// Revokes all access of a user, as [`Sessions::revoke_access`] does. The transaction has locked
    /// the row of the user.
    ///
    /// # Errors
    /// An error of the database, or `SESSIONS_UNAVAILABLE` if Redis is unavailable.
    pub async fn revoke_all(
        &self,
        sessions: &Sessions,
        tx: &Transaction,
        user: &str,
    ) -> Result<(), Error> {
        for session in sessions.revoke_access(tx, user).await?.sessions {
            self.remove(&session).await?;
        }
        Ok(())
    }

    /// Stores a session.
    ///
    /// # Errors
    /// `SESSIONS_UNAVAILABLE` if Redis is unavailable.
    pub async fn put(&self, record: &impl ActiveSession) -> Result<(), Error> {
        let text = serde_json::to_string(record).map_err(Error::internal)?;
        let stored = self.0.put(record.session_id(), text).await;
        stored.map_err(unavailable)
    }

    /// Ends a session. Its access tokens are then rejected.
    ///
    /// # Errors
    /// `SESSIONS_UNAVAILABLE` if Redis is unavailable.
    pub async fn remove(&self, session: &str) -> Result<(), Error> {
        self.0.remove(session).await.map_err(unavailable)
    }

    /// Returns whether a session is active, and extends it. While Redis is unavailable, every
    /// session is active, so that access tokens stay valid until they expire.
    pub async fn is_active(&self, session: &str) -> bool {
        self.0.extend(session).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "a session could not be checked");
            true
        })
    }

    /// Takes the lock of a refresh for five seconds. Returns `false` if another refresh has it.
    ///
    /// # Errors
    /// `SESSIONS_UNAVAILABLE` if Redis is unavailable.
    pub async fn lock_refresh(&self, session: &str) -> Result<bool, Error> {
        self.0.lock(session).await.map_err(unavailable)
    }

    /// Releases the refresh lock. If Redis is unavailable, the lock expires.
    pub async fn unlock_refresh(&self, session: &str) {
        if let Err(error) = self.0.unlock(session).await {
            tracing::warn!(%error, "the lock of a token refresh could not be released");
        }
    }
}

fn unavailable(error: RedisError) -> Error {
    let message = "sessions are unavailable: try again later";
    Error::new(Code::Unavailable, "SESSIONS_UNAVAILABLE", message).with_cause(error)
}
