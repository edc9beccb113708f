//! The limits of all policies by their names. `rate_limit/limits/` contains how they count.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use seaworthy_telemetry::metrics::Metrics;
use serde::Serialize;

use crate::{
    adaptive_concurrency::{AdaptiveConcurrency, AdaptiveConcurrencyConfig, ConcurrencySnapshot},
    rate_limit::{
        RateLimitConfig, RateLimitSnapshot, RateLimitStores, RateLimiter, RateLimits,
        RateLimitsConfig, RateLimitsError,
    },
};

/// The limits of a service on its incoming requests, by name.
#[derive(Debug, Default)]
pub(super) struct Limits {
    rates: Mutex<BTreeMap<String, RateLimiter>>,
    routes: Mutex<Vec<RateLimits>>,
    stores: RateLimitStores,
    concurrency: Mutex<BTreeMap<String, AdaptiveConcurrency>>,
}

/// All limits of a service at one moment, by name, for the admin API.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LimitsSnapshot {
    /// The rate limits, which bound the requests of each key.
    pub rate_limits: Vec<RateLimitSnapshot>,
    /// The adaptive limits, which bound the requests in flight.
    pub adaptive_concurrency: Vec<ConcurrencySnapshot>,
}

impl Limits {
    pub(super) fn rate(
        &self,
        name: &str,
        config: &RateLimitConfig,
        metrics: &Metrics,
    ) -> RateLimiter {
        let mut known = self.rates.lock();
        let new = || RateLimiter::new(name, config, metrics);
        known.entry(name.to_owned()).or_insert_with(new).clone()
    }

    pub(super) fn routes(
        &self,
        scope: &str,
        name: &str,
        config: &RateLimitsConfig,
        metrics: &Metrics,
    ) -> Result<RateLimits, RateLimitsError> {
        let limits = RateLimits::with_stores(scope, [name, name], config, metrics, &self.stores)?;
        self.routes.lock().push(limits.clone());
        Ok(limits)
    }

    pub(super) fn concurrency(
        &self,
        name: &str,
        config: &AdaptiveConcurrencyConfig,
        metrics: &Metrics,
    ) -> AdaptiveConcurrency {
        let mut known = self.concurrency.lock();
        let new = || AdaptiveConcurrency::new(name, config, metrics);
        known.entry(name.to_owned()).or_insert_with(new).clone()
    }

    pub(super) fn snapshot(&self) -> LimitsSnapshot {
        let (rates, concurrency) = (self.rates.lock().clone(), self.concurrency.lock().clone());
        let routes = self.routes.lock().clone();
        let rates = rates.values().map(RateLimiter::snapshot);
        let mut rate_limits: Vec<_> = rates
            .chain(routes.iter().flat_map(RateLimits::snapshots))
            .collect();
        rate_limits.sort_by(|one, other| one.name.cmp(&other.name));
        LimitsSnapshot {
            rate_limits,
            adaptive_concurrency: concurrency
                .values()
                .map(AdaptiveConcurrency::snapshot)
                .collect(),
        }
    }
}
