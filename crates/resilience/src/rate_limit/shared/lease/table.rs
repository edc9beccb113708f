use std::{collections::HashMap, sync::Arc, time::Duration};

use super::{super::super::config::nanoseconds, Lease};
use crate::rate_limit::RateLimitKey;

/// The minimum time between two searches of a full table. A search of 100,000 leases holds the lock
/// for about a millisecond. Clients choose the keys, so a search must not happen for each new key.
const SEARCH_INTERVAL: Duration = Duration::from_secs(1);

/// The leases of a bounded number of keys.
#[derive(Default)]
pub(super) struct Table {
    leases: HashMap<RateLimitKey, Arc<Lease>>,
    max_keys: usize,
    /// The next time at which a full table is searched for leases that have ended.
    crowded_until: u64,
    #[cfg(test)]
    pub(super) searches: usize,
}

impl Table {
    pub(super) fn new(max_keys: usize) -> Self {
        Self {
            max_keys,
            ..Self::default()
        }
    }

    pub(super) fn get(&self, key: &RateLimitKey) -> Option<&Arc<Lease>> {
        self.leases.get(key)
    }

    /// Returns the lease of a key, and adds it if there is room. `None` if the table is full of
    /// leases in use.
    pub(super) fn get_or_add(&mut self, key: &RateLimitKey, now: u64) -> Option<Arc<Lease>> {
        if let Some(lease) = self.leases.get(key) {
            return Some(Arc::clone(lease));
        }
        if self.leases.len() >= self.max_keys && now >= self.crowded_until {
            self.leases.retain(|_, lease| {
                // A request that renews the lease holds a clone.
                Arc::strong_count(lease) > 1 || lease.is_in_use(now)
            });
            self.crowded_until = now.saturating_add(nanoseconds(SEARCH_INTERVAL));
            #[cfg(test)]
            {
                self.searches += 1;
            }
        }
        if self.leases.len() >= self.max_keys {
            return None;
        }
        let lease = Arc::<Lease>::default();
        self.leases.insert(key.clone(), Arc::clone(&lease));
        Some(lease)
    }
}
