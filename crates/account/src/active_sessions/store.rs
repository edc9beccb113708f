use std::{sync::LazyLock, time::Duration};

use moka::{policy::EvictionPolicy, sync::Cache};
use seaworthy_redis::{Redis, RedisError, redis::cmd};

/// TTL of a session, in seconds. A check or a refresh extends it.
const TTL: u64 = 30 * 24 * 60 * 60;
/// TTL of the refresh lock, longer than a refresh.
pub(super) const LOCK_TTL: Duration = Duration::from_secs(5);
/// Maximum number of sessions in memory.
const MAX_SESSIONS: u64 = 100_000;

/// The store of active sessions and of the locks of their refreshes.
#[derive(Debug, Clone)]
pub(super) enum Store {
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

impl Store {
    /// Returns the store that all services of a process share.
    pub(super) fn in_memory() -> Self {
        IN_MEMORY.clone()
    }

    /// Stores the record of a session. The memory has no records.
    pub(super) async fn put(&self, session: &str, record: String) -> Result<(), RedisError> {
        match self {
            Self::Memory { ended, .. } => ended.invalidate(session),
            Self::Redis(redis) => {
                let mut set = cmd("SET");
                set.arg(key(session)).arg(record).arg("EX").arg(TTL);
                redis.request::<()>(&set).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn remove(&self, session: &str) -> Result<(), RedisError> {
        match self {
            Self::Memory { ended, .. } => ended.insert(session.to_owned(), ()),
            Self::Redis(redis) => redis.request::<()>(cmd("DEL").arg(key(session))).await?,
        }
        Ok(())
    }

    /// Extends a session. Returns `false` if it is not active.
    pub(super) async fn extend(&self, session: &str) -> Result<bool, RedisError> {
        match self {
            Self::Memory { ended, .. } => Ok(!ended.contains_key(session)),
            Self::Redis(redis) => {
                redis
                    .request(cmd("EXPIRE").arg(key(session)).arg(TTL))
                    .await
            }
        }
    }

    /// Takes the refresh lock of a session. Returns `false` if another refresh has it.
    pub(super) async fn lock(&self, session: &str) -> Result<bool, RedisError> {
        match self {
            Self::Memory { locks, .. } => {
                let entry = locks.entry_by_ref(session).or_insert(());
                Ok(entry.is_fresh())
            }
            Self::Redis(redis) => {
                let mut set = cmd("SET");
                set.arg(lock_key(session)).arg(1).arg("NX");
                set.arg("EX").arg(LOCK_TTL.as_secs());
                let taken: Option<String> = redis.request(&set).await?;
                Ok(taken.is_some())
            }
        }
    }

    pub(super) async fn unlock(&self, session: &str) -> Result<(), RedisError> {
        match self {
            Self::Memory { locks, .. } => locks.invalidate(session),
            Self::Redis(redis) => {
                redis
                    .request::<()>(cmd("DEL").arg(lock_key(session)))
                    .await?;
            }
        }
        Ok(())
    }
}

fn key(session: &str) -> String {
    format!("session:{session}")
}

fn lock_key(session: &str) -> String {
    format!("lock:refresh:{session}")
}
