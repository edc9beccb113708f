use std::{sync::Arc, time::Instant};

use arc_swap::ArcSwapOption;
use parking_lot::Mutex;
use seaworthy_telemetry::metrics::Metrics;

use super::config::PoliciesConfig;
use crate::{
    Rejection, RejectionReason,
    adaptive_concurrency::{
        AdaptiveConcurrency, AdaptiveConcurrencyConfig, ConcurrencyPermit, Priority,
    },
    rate_limit::{RateLimitConfig, RateLimitKey, RateLimiter},
};

/// The limits on the calls to a dependency. Clones share the limits.
#[derive(Debug, Clone)]
pub(super) struct Outgoing(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: Arc<str>,
    rate: ArcSwapOption<Rate>,
    /// The key under which all calls of this process are counted together.
    key: RateLimitKey,
    /// `None` while the settings contain no adaptive limit.
    concurrency: ArcSwapOption<AdaptiveConcurrency>,
    /// The limit and its settings, also while it is off. Its metrics read this one limit.
    created: Mutex<Option<(AdaptiveConcurrencyConfig, AdaptiveConcurrency)>>,
}

#[derive(Debug)]
struct Rate {
    config: RateLimitConfig,
    limiter: RateLimiter,
}

impl Rate {
    fn new(name: &str, config: &PoliciesConfig, metrics: &Metrics) -> Option<Arc<Self>> {
        let config = config.rate_limit.clone()?;
        Some(Arc::new(Self {
            limiter: RateLimiter::new(name, &config, metrics),
            config,
        }))
    }
}

impl Outgoing {
    pub(super) fn new(name: &Arc<str>, config: &PoliciesConfig, metrics: &Metrics) -> Self {
        let outgoing = Self(Arc::new(Inner {
            key: RateLimitKey::Route(Arc::clone(name)),
            rate: ArcSwapOption::new(Rate::new(name, config, metrics)),
            concurrency: ArcSwapOption::empty(),
            created: Mutex::default(),
            name: Arc::clone(name),
        }));
        outgoing.set_concurrency(config.adaptive_concurrency.as_ref(), metrics);
        outgoing
    }

    /// Changes the limits. A new rate begins without counted calls, and a changed adaptive limit at
    /// its maximum.
    pub(super) fn reload(&self, config: &PoliciesConfig, metrics: &Metrics) {
        let current = self.0.rate.load();
        let current = current.as_deref().map(|rate| &rate.config);
        if current != config.rate_limit.as_ref() {
            let rate = Rate::new(&self.0.name, config, metrics);
            self.0.rate.store(rate);
        }
        self.set_concurrency(config.adaptive_concurrency.as_ref(), metrics);
    }

    fn set_concurrency(&self, config: Option<&AdaptiveConcurrencyConfig>, metrics: &Metrics) {
        let limit = config.map(|config| {
            let mut created = self.0.created.lock();
            let limit = match created.take() {
                Some((current, limit)) => {
                    if current != *config {
                        limit.reload(config);
                    }
                    limit
                }
                None => AdaptiveConcurrency::new(&self.0.name, config, metrics),
            };
            *created = Some((config.clone(), limit.clone()));
            Arc::new(limit)
        });
        self.0.concurrency.store(limit);
    }

    pub(super) fn rate(&self) -> Option<RateLimiter> {
        let rate = self.0.rate.load();
        rate.as_deref().map(|rate| rate.limiter.clone())
    }

    pub(super) fn concurrency(&self) -> Option<AdaptiveConcurrency> {
        self.0.concurrency.load().as_deref().cloned()
    }

    /// Admits one call. The adaptive limit decides first, so that its rejections do not use up the
    /// rate.
    pub(super) fn admit(&self, now: Instant) -> Result<Option<ConcurrencyPermit>, Rejection> {
        let admit = |limit: &AdaptiveConcurrency| limit.admit(Priority::Normal, now);
        let concurrency = self.0.concurrency.load();
        let permit = concurrency.as_deref().map(admit).transpose()?;
        if let Some(rate) = self.0.rate.load().as_deref() {
            let decision = rate.limiter.check(&self.0.key, now);
            if !decision.allowed {
                let rejection = Rejection::new(&self.0.name, RejectionReason::DependencyLimited);
                return Err(rejection.with_retry_after(decision.retry_after));
            }
        }
        Ok(permit)
    }
}
