use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use moka::{policy::EvictionPolicy, sync::Cache};
use seaworthy::{
    account::{Origin, Refreshed, Sessions},
    data::{chrono::SecondsFormat, prelude::*},
    prelude::*,
    redis::{Redis, RedisConfig, RedisError, redis::cmd},
};
use tutoring_contract::{Role, SessionCheck, SessionCheckFuture};

use crate::errors;

/// TTL of a session, in seconds. A check or a refresh extends it.
const TTL: u64 = 30 * 24 * 60 * 60;
/// TTL of the refresh lock, longer than a refresh.
pub(crate) const LOCK_TTL: Duration = Duration::from_secs(5);
/// Maximum number of sessions in memory.
const MAX_SESSIONS: u64 = 100_000;

/// An active session as stored.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionRecord {
    /// The ID of the session.
    pub session_id: String,
    /// The user.
    pub user_id: Uuid,
    /// The role of the user.
    pub role: Role,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub last_activity_at: String,
    /// The client's IP address at the login.
    pub ip: String,
    /// The `User-Agent` of the login.
    pub user_agent: String,
}

impl SessionRecord {
    /// Creates the record of a session that the client of this request begins or refreshes.
    /// `begun_us` is the time of the login, in microseconds since 1970.
    #[must_use]
    pub fn from_request(session: &str, user: Uuid, role: Role, begun_us: i64) -> Self {
        let text = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Millis, true);
        let begun = DateTime::from_timestamp_micros(begun_us);
        let (ip, user_agent) = client();
        Self {
            session_id: session.to_owned(),
            user_id: user,
            role,
            created_at: text(begun.unwrap_or_else(Utc::now)),
            last_activity_at: text(Utc::now()),
            ip,
            user_agent,
        }
    }
}

/// Returns the address and the `User-Agent` of the client of this request.
#[must_use]
fn client() -> (String, String) {
    context::with_current(|context| {
        let address = context.and_then(RequestContext::client_address);
        let agent = context.and_then(RequestContext::user_agent);
        let address = address.map(|address| address.to_string());
        (
            address.unwrap_or_default(),
            agent.unwrap_or_default().to_owned(),
        )
    })
}

/// The active sessions, in Redis or in memory. All services of a process share its memory store.
/// Cheap to clone.
///
/// An access token is valid while its session is active. Refresh tokens are in the database.
#[derive(Debug, Clone)]
pub struct ActiveSessions(Store);

#[derive(Debug, Clone)]
enum Store {
    Redis(Redis),
    Memory {
        /// The ended sessions. All others count as active, because other processes may have
        /// begun them.
        ended: Cache<String, ()>,
        locks: Cache<String, ()>,
    },
}

static IN_MEMORY: LazyLock<Store> = LazyLock::new(|| {
    // The default policy of a full cache does not store new keys.
    let cache = || {
        Cache::builder()
            .max_capacity(MAX_SESSIONS)
            .eviction_policy(EvictionPolicy::lru())
    };
    Store::Memory {
        ended: cache().time_to_live(Duration::from_secs(TTL)).build(),
        locks: cache().time_to_live(LOCK_TTL).build(),
    }
});

impl ActiveSessions {
    /// Creates the store in a Redis, or in memory without settings. The first call connects.
    ///
    /// # Errors
    /// The settings of Redis are invalid.
    pub fn new(config: Option<&RedisConfig>) -> Result<Self, StartError> {
        let Some(config) = config else {
            return Ok(Self(IN_MEMORY.clone()));
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
    /// above the maximum number. The caller makes it active with [`put`](Self::put).
    ///
    /// # Errors
    /// An error of the database, or `SERVICE_DEGRADED` if Redis is unavailable.
    pub async fn begin(
        &self,
        sessions: &Sessions,
        tx: &Transaction,
        user: String,
    ) -> Result<Refreshed, Error> {
        for surplus in sessions.revoke_surplus(tx, &user).await? {
            self.remove(&surplus).await?;
        }
        let (address, agent) = client();
        let origin = Origin {
            user_agent: &agent,
            address: &address,
        };
        let begun = sessions.begin(tx, &user, origin).await?;
        Ok(Refreshed {
            id: begun.id,
            user,
            begun_us: Utc::now().timestamp_micros(),
            token: begun.token,
        })
    }

    /// Ends all sessions of a user, whose row the transaction has locked.
    ///
    /// # Errors
    /// An error of the database, or `SERVICE_DEGRADED` if Redis is unavailable.
    pub(crate) async fn end_all(
        &self,
        sessions: &Sessions,
        tx: &Transaction,
        user: Uuid,
    ) -> Result<(), Error> {
        for session in sessions
            .revoke_access(tx, &user.to_string())
            .await?
            .sessions
        {
            self.remove(&session).await?;
        }
        Ok(())
    }

    /// Stores a session.
    ///
    /// # Errors
    /// `SERVICE_DEGRADED` if Redis is unavailable.
    pub async fn put(&self, record: &SessionRecord) -> Result<(), Error> {
        match &self.0 {
            Store::Memory { ended, .. } => ended.invalidate(&record.session_id),
            Store::Redis(redis) => {
                let text = serde_json::to_string(record).map_err(Error::internal)?;
                let mut set = cmd("SET");
                set.arg(key(&record.session_id))
                    .arg(text)
                    .arg("EX")
                    .arg(TTL);
                redis
                    .request::<()>(&set)
                    .await
                    .map_err(errors::sessions_unavailable)?;
            }
        }
        Ok(())
    }

    /// Ends a session. Its access tokens are then rejected.
    ///
    /// # Errors
    /// `SERVICE_DEGRADED` if Redis is unavailable.
    pub async fn remove(&self, session: &str) -> Result<(), Error> {
        match &self.0 {
            Store::Memory { ended, .. } => ended.insert(session.to_owned(), ()),
            Store::Redis(redis) => {
                redis
                    .request::<()>(cmd("DEL").arg(key(session)))
                    .await
                    .map_err(errors::sessions_unavailable)?;
            }
        }
        Ok(())
    }

    /// Takes the lock of a refresh for five seconds. Returns `false` if another refresh has it.
    ///
    /// # Errors
    /// `SERVICE_DEGRADED` if Redis is unavailable.
    pub async fn lock_refresh(&self, session: &str) -> Result<bool, Error> {
        match &self.0 {
            Store::Memory { locks, .. } => {
                let entry = locks.entry_by_ref(session).or_insert(());
                Ok(entry.is_fresh())
            }
            Store::Redis(redis) => {
                let mut set = cmd("SET");
                set.arg(lock_key(session)).arg(1).arg("NX");
                set.arg("EX").arg(LOCK_TTL.as_secs());
                let taken: Option<String> = redis
                    .request(&set)
                    .await
                    .map_err(errors::sessions_unavailable)?;
                Ok(taken.is_some())
            }
        }
    }

    /// Releases the refresh lock. If Redis is unavailable, the lock expires.
    pub async fn unlock_refresh(&self, session: &str) {
        match &self.0 {
            Store::Memory { locks, .. } => locks.invalidate(session),
            Store::Redis(redis) => {
                let deleted: Result<(), RedisError> =
                    redis.request(cmd("DEL").arg(lock_key(session))).await;
                if let Err(error) = deleted {
                    tracing::warn!(%error, "the lock of a token refresh could not be released");
                }
            }
        }
    }
}

/// Each check extends the session.
impl SessionCheck for ActiveSessions {
    fn exists(&self, session: &str) -> SessionCheckFuture {
        match &self.0 {
            Store::Memory { ended, .. } => {
                let exists = !ended.contains_key(session);
                Box::pin(async move { exists })
            }
            Store::Redis(redis) => {
                let (redis, key) = (redis.clone(), key(session));
                Box::pin(async move {
                    let extended = redis.request(cmd("EXPIRE").arg(key).arg(TTL)).await;
                    extended.unwrap_or_else(|error: RedisError| {
                        tracing::warn!(%error, "a session could not be checked");
                        true
                    })
                })
            }
        }
    }
}

impl From<ActiveSessions> for Arc<dyn SessionCheck> {
    fn from(sessions: ActiveSessions) -> Self {
        Arc::new(sessions)
    }
}

fn key(session: &str) -> String {
    format!("session:{session}")
}

fn lock_key(session: &str) -> String {
    format!("lock:refresh:{session}")
}
