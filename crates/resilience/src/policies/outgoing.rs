use std::{sync::Arc, time::Instant};

use seaworthy_telemetry::metrics::Metrics;

use super::config::PoliciesConfig;
use crate::{
    Refusal, Refused,
    adaptive_concurrency::{AdaptiveConcurrency, ConcurrencyPermit, Priority},
    rate_limit::{RateLimitKey, RateLimiter},
};

/// The limits on the calls to a dependency. At least one is set. Cheap to clone. All clones are the
/// same limits.
#[derive(Debug, Clone)]
pub(super) struct Outgoing(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: Arc<str>,
    rate: Option<RateLimiter>,
    /// All calls of this process are counted together.
    key: RateLimitKey,
    concurrency: Option<AdaptiveConcurrency>,
}

impl Outgoing {
    pub(super) fn new(name: &str, config: &PoliciesConfig, metrics: &Metrics) -> Option<Self> {
        let rate = config.rate_limit.as_ref();
        let rate = rate.map(|config| RateLimiter::new(name, config, metrics));
        let concurrency = config.adaptive_concurrency.as_ref();
        let concurrency = concurrency.map(|config| AdaptiveConcurrency::new(name, config, metrics));
        if rate.is_none() && concurrency.is_none() {
            return None;
        }
        let name: Arc<str> = name.into();
        Some(Self(Arc::new(Inner {
            key: RateLimitKey::Route(Arc::clone(&name)),
            name,
            rate,
            concurrency,
        })))
    }

    pub(super) fn rate(&self) -> Option<&RateLimiter> {
        self.0.rate.as_ref()
    }

    pub(super) fn concurrency(&self) -> Option<&AdaptiveConcurrency> {
        self.0.concurrency.as_ref()
    }

    /// Lets one call go. The adaptive limit is asked first: what it refuses does not use up the
    /// rate.
    pub(super) fn admit(&self, now: Instant) -> Result<Option<ConcurrencyPermit>, Refusal> {
        let admit = |limit: &AdaptiveConcurrency| limit.admit(Priority::Normal, now);
        let permit = self.concurrency().map(admit).transpose()?;
        if let Some(rate) = self.rate() {
            let decision = rate.check(&self.0.key, now);
            if !decision.allowed {
                let refusal = Refusal::new(&self.0.name, Refused::DependencyLimited);
                return Err(refusal.with_retry_after(decision.retry_after));
            }
        }
        Ok(permit)
    }
}
