use std::{sync::Arc, time::Instant};

use arc_swap::ArcSwapOption;
use seaworthy_telemetry::metrics::Metrics;

use super::config::PoliciesConfig;
use crate::{
    Rejection, RejectionReason,
    adaptive_concurrency::{AdaptiveConcurrency, ConcurrencyPermit, Priority},
    rate_limit::{RateLimitConfig, RateLimitKey, RateLimiter},
};

/// The limits on the calls to a dependency. Clones share the limits.
#[derive(Debug, Clone)]
pub(super) struct Outgoing(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: Arc<str>,
    rate: ArcSwapOption<Rate>,
    /// All calls of this process are counted together.
    key: RateLimitKey,
    concurrency: Option<AdaptiveConcurrency>,
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
        let concurrency = config.adaptive_concurrency.as_ref();
        Self(Arc::new(Inner {
            key: RateLimitKey::Route(Arc::clone(name)),
            rate: ArcSwapOption::new(Rate::new(name, config, metrics)),
            concurrency: concurrency.map(|config| AdaptiveConcurrency::new(name, config, metrics)),
            name: Arc::clone(name),
        }))
    }

    /// Changes the rate. A new limit begins without counted calls.
    pub(super) fn reload(&self, config: &PoliciesConfig, metrics: &Metrics) {
        let current = self.0.rate.load();
        let current = current.as_deref().map(|rate| &rate.config);
        if current != config.rate_limit.as_ref() {
            let rate = Rate::new(&self.0.name, config, metrics);
            self.0.rate.store(rate);
        }
    }

    pub(super) fn rate(&self) -> Option<RateLimiter> {
        let rate = self.0.rate.load();
        rate.as_deref().map(|rate| rate.limiter.clone())
    }

    pub(super) fn concurrency(&self) -> Option<&AdaptiveConcurrency> {
        self.0.concurrency.as_ref()
    }

    /// Admits one call. The adaptive limit decides first, so that its rejections do not use up the
    /// rate.
    pub(super) fn admit(&self, now: Instant) -> Result<Option<ConcurrencyPermit>, Rejection> {
        let admit = |limit: &AdaptiveConcurrency| limit.admit(Priority::Normal, now);
        let permit = self.concurrency().map(admit).transpose()?;
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
