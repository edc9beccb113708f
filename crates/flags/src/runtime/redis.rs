use futures::future::BoxFuture;
use seaworthy_redis::{Redis, redis::Script};

use super::{
    state::{Change, RuntimeState},
    store::{RuntimeStore, StoreError},
};

/// Returns the state unless it has the known version.
const LOAD: &str = r"
local stored = redis.call('HMGET', KEYS[1], 'version', 'state')
if (stored[1] or '0') == ARGV[1] then return false end
return stored[2] or '{}'";
const SAVE: &str = r"
local version = redis.call('HGET', KEYS[1], 'version') or '0'
if version ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'state', ARGV[3])
return 1";

/// Stores changes in Redis, for all replicas of a service.
///
/// Redis replicates asynchronously: after a failover the new primary may lack the last change.
/// Store changes in the database if that matters.
///
/// ```
/// use seaworthy_flags::RedisStore;
/// use seaworthy_redis::{Redis, RedisConfig, RedisError};
///
/// # fn store() -> Result<RedisStore, RedisError> {
/// let redis = Redis::new(&RedisConfig::default())?;
/// Ok(RedisStore::new(redis, "orders:production:flags"))
/// # }
/// ```
#[derive(Debug)]
pub struct RedisStore {
    redis: Redis,
    key: String,
    load: Script,
    save: Script,
}

impl RedisStore {
    /// Creates a store under one key.
    #[must_use]
    pub fn new(redis: Redis, key: impl Into<String>) -> Self {
        Self {
            redis,
            key: key.into(),
            load: Script::new(LOAD),
            save: Script::new(SAVE),
        }
    }
}

impl RuntimeStore for RedisStore {
    fn load(&self, known: u64) -> BoxFuture<'_, Result<Option<RuntimeState>, StoreError>> {
        Box::pin(async move {
            let known = known.to_string();
            let state: Option<Vec<u8>> = self
                .redis
                .invoke(&self.load, &[&self.key], &[known.as_bytes()])
                .await
                .map_err(StoreError::new)?;
            let state = state.map(|state| serde_json::from_slice(&state));
            state.transpose().map_err(StoreError::new)
        })
    }

    fn save<'a>(
        &'a self,
        state: &'a RuntimeState,
        _change: &'a Change,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let document = serde_json::to_vec(state).map_err(StoreError::new)?;
            let before = state.version.saturating_sub(1).to_string();
            let version = state.version.to_string();
            let saved: u8 = self
                .redis
                .invoke(
                    &self.save,
                    &[&self.key],
                    &[before.as_bytes(), version.as_bytes(), &document],
                )
                .await
                .map_err(StoreError::new)?;
            Ok(saved > 0)
        })
    }
}
