use std::{fmt, sync::Arc};

use parking_lot::Mutex;
use seaworthy_redis::Redis;

use super::{
    super::shared::{RateLimitStore, WeakRateLimitStore},
    config::{RateLimitRedisConfig, RateLimitsError},
};

/// The stores in use. Limits with the same Redis share a connection. Clones share the stores.
#[derive(Clone, Default)]
pub(crate) struct RateLimitStores(Arc<Mutex<Vec<(RateLimitRedisConfig, WeakRateLimitStore)>>>);

impl RateLimitStores {
    /// Returns the store of a Redis. Creates it without connecting if no limit uses it.
    ///
    /// # Errors
    /// [`RateLimitsError`] if the settings are invalid.
    pub(super) fn get(
        &self,
        redis: &RateLimitRedisConfig,
    ) -> Result<RateLimitStore, RateLimitsError> {
        let mut known = self.0.lock();
        known.retain(|(_, store)| store.upgrade().is_some());
        let store = known
            .iter()
            .find(|(config, _)| config.has_same_connection(redis));
        if let Some(store) = store.and_then(|(_, store)| store.upgrade()) {
            return Ok(store);
        }
        let opened = Redis::new(&redis.connection())
            .map_err(|error| RateLimitsError::Redis(error.to_string()))?;
        let store = RateLimitStore::new(opened);
        known.push((redis.clone(), store.downgrade()));
        Ok(store)
    }
}

impl fmt::Debug for RateLimitStores {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RateLimitStores")
            .finish_non_exhaustive()
    }
}
