use std::sync::Arc;

use arc_swap::ArcSwap;
use seaworthy_telemetry::metrics::{Counter, Metrics};
use serde::Serialize;

use super::{config::PoliciesConfig, outgoing::Outgoing, pipeline::PipelineLayer};
use crate::{
    adaptive_concurrency::{AdaptiveConcurrency, ConcurrencySnapshot},
    bulkhead::{Bulkhead, BulkheadSnapshot},
    circuit_breaker::{CircuitBreaker, CircuitBreakerSnapshot},
    coalesce::{CoalesceLayer, CoalesceSnapshot, coalesced},
    hedge::{HedgeLayer, HedgeSnapshot, Hedging},
    rate_limit::{RateLimitSnapshot, RateLimiter},
    retry::{Retry, RetrySnapshot},
    timeout::ReloadableTimeout,
};

/// The policies of one dependency or of one of its endpoints. Clones share the state.
#[derive(Debug, Clone)]
pub struct Policies(Arc<Handles>);

#[derive(Debug)]
struct Handles {
    name: Arc<str>,
    breaker: CircuitBreaker,
    dependency: Arc<Dependency>,
}

/// The policies that a dependency shares with its endpoints.
#[derive(Debug)]
struct Dependency {
    name: Arc<str>,
    metrics: Metrics,
    config: ArcSwap<PoliciesConfig>,
    attempt_timeout: ReloadableTimeout,
    total_timeout: ReloadableTimeout,
    retry: Retry,
    bulkhead: Bulkhead,
    outgoing: Outgoing,
    hedging: Hedging,
    coalesced: Option<Counter>,
}

/// The policies of one dependency at one instant, for the admin API.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PoliciesSnapshot {
    /// Name of the dependency, or of the dependency and its endpoint.
    pub name: String,
    /// Circuit breaker.
    pub breaker: CircuitBreakerSnapshot,
    /// Bulkhead.
    pub bulkhead: BulkheadSnapshot,
    /// Retries.
    pub retry: RetrySnapshot,
    /// Rate limit of its calls, if set.
    pub rate_limit: Option<RateLimitSnapshot>,
    /// Adaptive limit of its calls, if set.
    pub adaptive_concurrency: Option<ConcurrencySnapshot>,
    /// Hedging, if set.
    pub hedge: Option<HedgeSnapshot>,
    /// Coalescing, if set.
    pub coalesce: Option<CoalesceSnapshot>,
}

impl Policies {
    /// Creates the policies of a dependency.
    pub(super) fn new(name: &str, config: PoliciesConfig, metrics: &Metrics) -> Self {
        let name: Arc<str> = name.into();
        let dependency = Dependency {
            attempt_timeout: config.attempt_timeout.into(),
            total_timeout: config.total_timeout.into(),
            retry: Retry::new(&name, &config.retry, metrics),
            bulkhead: Bulkhead::new(&name, &config.bulkhead, metrics),
            outgoing: Outgoing::new(&name, &config, metrics),
            hedging: Hedging::new(&name, config.hedge.as_ref(), metrics),
            coalesced: config.coalesce.then(|| coalesced(&name, metrics)),
            metrics: metrics.clone(),
            config: ArcSwap::from_pointee(config.clone()),
            name: Arc::clone(&name),
        };
        Self(Arc::new(Handles {
            breaker: CircuitBreaker::new(&name, &config.breaker, metrics),
            name,
            dependency: Arc::new(dependency),
        }))
    }

    /// Creates the policies of an endpoint of this dependency.
    pub(super) fn endpoint(&self, name: &str) -> Self {
        let dependency = Arc::clone(&self.0.dependency);
        let breaker = dependency.config.load().breaker.clone();
        Self(Arc::new(Handles {
            breaker: CircuitBreaker::new(name, &breaker, &dependency.metrics),
            name: name.into(),
            dependency,
        }))
    }

    /// Returns the name of the dependency, also for an endpoint.
    pub(super) fn dependency_name(&self) -> &str {
        &self.0.dependency.name
    }

    /// Changes the settings (CONF-4).
    pub(super) fn reload(&self, config: &PoliciesConfig) {
        self.0.breaker.reload(&config.breaker);
        if self.0.name != self.0.dependency.name {
            return;
        }
        let Dependency {
            name,
            metrics,
            config: current,
            attempt_timeout,
            total_timeout,
            retry,
            bulkhead,
            outgoing,
            hedging,
            coalesced: _,
        } = &*self.0.dependency;
        attempt_timeout.reload(config.attempt_timeout);
        total_timeout.reload(config.total_timeout);
        retry.reload(&config.retry);
        bulkhead.reload(&config.bulkhead);
        outgoing.reload(config, metrics);
        hedging.reload(name, config.hedge.as_ref(), metrics);
        current.store(Arc::new(config.clone()));
    }

    /// Returns a layer with all policies. `classify` decides which results are failures, `replay`
    /// which requests may be sent again.
    #[must_use]
    pub fn layer<C, P>(&self, classify: C, replay: P) -> PipelineLayer<C, P> {
        PipelineLayer::new(self.clone(), classify, replay)
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.0.name
    }

    /// Returns the settings. A reload replaces them. A changed `coalesce` applies after a restart.
    #[must_use]
    pub fn config(&self) -> Arc<PoliciesConfig> {
        self.0.dependency.config.load_full()
    }

    /// Returns the timeout of an attempt.
    #[must_use]
    pub fn attempt_timeout(&self) -> &ReloadableTimeout {
        &self.0.dependency.attempt_timeout
    }

    /// Returns the timeout of a call with all attempts.
    #[must_use]
    pub fn total_timeout(&self) -> &ReloadableTimeout {
        &self.0.dependency.total_timeout
    }

    /// Returns the circuit breaker.
    #[must_use]
    pub fn breaker(&self) -> &CircuitBreaker {
        &self.0.breaker
    }

    /// Returns the bulkhead.
    #[must_use]
    pub fn bulkhead(&self) -> &Bulkhead {
        &self.0.dependency.bulkhead
    }

    /// Returns the retry policy.
    #[must_use]
    pub fn retry(&self) -> &Retry {
        &self.0.dependency.retry
    }

    /// Returns the rate limit of the calls of this process, if set.
    #[must_use]
    pub fn rate_limit(&self) -> Option<RateLimiter> {
        self.outgoing().rate()
    }

    /// Returns the adaptive limit of the calls, if set.
    #[must_use]
    pub fn adaptive_concurrency(&self) -> Option<AdaptiveConcurrency> {
        self.outgoing().concurrency()
    }

    pub(super) fn outgoing(&self) -> &Outgoing {
        &self.0.dependency.outgoing
    }

    /// Returns whether the settings enable hedging.
    #[must_use]
    pub fn is_hedging(&self) -> bool {
        self.0.dependency.hedging.is_on()
    }

    /// Returns a layer that hedges calls while the settings enable it, for use around
    /// [`layer`](Self::layer). `replay` decides which requests may be sent while the first one
    /// runs.
    #[must_use]
    pub fn hedge_layer<P>(&self, replay: P) -> HedgeLayer<P> {
        let hedging = self.0.dependency.hedging.clone();
        HedgeLayer::with_hedging(hedging, self.retry().clone(), replay)
    }

    /// Returns the outermost layer, which coalesces equal requests. `None` if coalescing is off.
    /// `key` returns the same value for equal requests.
    #[must_use]
    pub fn coalesce_layer<F, Request, K>(&self, key: F) -> Option<CoalesceLayer<F, Request>>
    where
        F: Fn(&Request) -> Option<K>,
    {
        let coalesced = self.0.dependency.coalesced.clone()?;
        Some(CoalesceLayer::counting(coalesced, key))
    }

    /// Returns the current state.
    #[must_use]
    pub fn snapshot(&self) -> PoliciesSnapshot {
        let concurrency = self.adaptive_concurrency();
        let coalesced = self.0.dependency.coalesced.as_ref();
        PoliciesSnapshot {
            name: self.name().to_string(),
            breaker: self.breaker().snapshot(),
            bulkhead: self.bulkhead().snapshot(),
            retry: self.retry().snapshot(),
            rate_limit: self.rate_limit().map(|limit| limit.snapshot()),
            adaptive_concurrency: concurrency.map(|limit| limit.snapshot()),
            hedge: self.0.dependency.hedging.snapshot(),
            coalesce: coalesced.map(|coalesced| CoalesceSnapshot {
                coalesced: coalesced.get(),
            }),
        }
    }
}
