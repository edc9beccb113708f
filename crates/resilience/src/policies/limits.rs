use std::collections::BTreeMap;

use parking_lot::Mutex;
use seaworthy_telemetry::metrics::Metrics;
use serde::Serialize;

use crate::{
    adaptive_concurrency::{AdaptiveConcurrency, AdaptiveConcurrencyConfig, ConcurrencySnapshot},
    rate_limit::{RateLimitConfig, RateLimitSnapshot, RateLimiter},
};

/// The limits of a service on what is asked of it, by name.
#[derive(Debug, Default)]
pub(super) struct Limits {
    rates: Mutex<BTreeMap<String, RateLimiter>>,
    concurrency: Mutex<BTreeMap<String, AdaptiveConcurrency>>,
}

/// All limits of a service at one moment, by name, for the admin API.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LimitsSnapshot {
    /// How many requests one key may send.
    pub rate_limits: Vec<RateLimitSnapshot>,
    /// How many requests may be in flight.
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
        LimitsSnapshot {
            rate_limits: rates.values().map(RateLimiter::snapshot).collect(),
            adaptive_concurrency: concurrency
                .values()
                .map(AdaptiveConcurrency::snapshot)
                .collect(),
        }
    }
}
