use futures::future::BoxFuture;
use parking_lot::Mutex;
use seaworthy_redis::{Redis, redis::Script};

use super::{
    state::{Change, RuntimeState},
    store::{RuntimeStore, StoreError},
};

/// Returns 1 and the state if it is newer than the known version. Returns 2 if Redis has lost
/// changes, for example by an eviction or a failover.
const LOAD: &str = r"
local stored = redis.call('HMGET', KEYS[1], 'version', 'state')
local version = tonumber(stored[1] or '0')
if version == tonumber(ARGV[1]) then return {0, false} end
if version > tonumber(ARGV[1]) then return {1, stored[2]} end
return {2, false}";
/// Stores the next state. A writer that has seen the state before it may replace an older one.
const SAVE: &str = r"
local version = redis.call('HGET', KEYS[1], 'version') or '0'
local is_lost = ARGV[4] == '1' and tonumber(version) < tonumber(ARGV[1])
if version ~= ARGV[1] and not is_lost then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'state', ARGV[3])
return 1";

/// Stores changes in Redis, for all replicas of a service.
///
/// Redis replicates asynchronously: after a failover the new primary may lack the last change. A
/// replica that has read the change stores it again. Store changes in the database if that does not
/// suffice.
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
    /// The newest version that this replica has seen, and its state.
    seen: Mutex<(u64, Vec<u8>)>,
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
            seen: Mutex::default(),
        }
    }

    /// Writes a state after `before`.
    async fn write(&self, before: u64, version: u64, document: &[u8]) -> Result<bool, StoreError> {
        let has_seen = u8::from(self.seen.lock().0 == before).to_string();
        let (before, version) = (before.to_string(), version.to_string());
        let arguments = [
            before.as_bytes(),
            version.as_bytes(),
            document,
            has_seen.as_bytes(),
        ];
        let saved: u8 = self
            .redis
            .invoke(&self.save, &[&self.key], &arguments)
            .await
            .map_err(StoreError::new)?;
        Ok(saved > 0)
    }

    /// Stores the state again that Redis has lost. Without its document, the next change does.
    async fn restore(&self, known: u64) -> Result<(), StoreError> {
        let document = {
            let mut seen = self.seen.lock();
            if seen.0 != known {
                *seen = (known, Vec::new());
            }
            seen.1.clone()
        };
        if !document.is_empty() {
            self.write(known, known, &document).await?;
        }
        Ok(())
    }
}

impl RuntimeStore for RedisStore {
    fn load(&self, known: u64) -> BoxFuture<'_, Result<Option<RuntimeState>, StoreError>> {
        Box::pin(async move {
            let version = known.to_string();
            let loaded: (u8, Option<Vec<u8>>) = self
                .redis
                .invoke(&self.load, &[&self.key], &[version.as_bytes()])
                .await
                .map_err(StoreError::new)?;
            match loaded {
                (1, Some(document)) => {
                    let state: RuntimeState =
                        serde_json::from_slice(&document).map_err(StoreError::new)?;
                    *self.seen.lock() = (state.version, document);
                    Ok(Some(state))
                }
                (2, _) => {
                    tracing::error!(
                        key = self.key,
                        version = known,
                        "Redis has lost changes of feature flags: the last known ones apply"
                    );
                    self.restore(known).await?;
                    Ok(None)
                }
                _ => Ok(None),
            }
        })
    }

    fn save<'a>(
        &'a self,
        state: &'a RuntimeState,
        _change: &'a Change,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let document = serde_json::to_vec(state).map_err(StoreError::new)?;
            let before = state.version.saturating_sub(1);
            let saved = self.write(before, state.version, &document).await?;
            if saved {
                *self.seen.lock() = (state.version, document);
            }
            Ok(saved)
        })
    }
}
