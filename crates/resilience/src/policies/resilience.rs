use std::{collections::BTreeMap, sync::Arc};

use parking_lot::{Mutex, RwLock};
use seaworthy_telemetry::metrics::{Counter, Metrics};
use serde::Serialize;

use super::{
    config::{PoliciesConfig, ResilienceConfig},
    limits::{Limits, LimitsSnapshot},
    outgoing::Outgoing,
    pipeline::PipelineLayer,
};
use crate::{
    adaptive_concurrency::{AdaptiveConcurrency, AdaptiveConcurrencyConfig, ConcurrencySnapshot},
    bulkhead::{Bulkhead, BulkheadSnapshot},
    circuit_breaker::{CircuitBreaker, CircuitBreakerSnapshot},
    coalesce::{CoalesceLayer, CoalesceSnapshot, coalesced},
    hedge::{HedgeConfig, HedgeLayer, HedgeSnapshot, hedges},
    rate_limit::{RateLimitConfig, RateLimitSnapshot, RateLimiter},
    retry::{Retry, RetrySnapshot},
};

/// The policies of a service by the names of its dependencies. Clones share the state.
///
/// ```
/// use seaworthy_resilience::policies::{Resilience, ResilienceConfig};
/// use seaworthy_telemetry::metrics::Metrics;
///
/// let resilience = Resilience::new(ResilienceConfig::default(), Metrics::new());
/// let policies = resilience.dependency("ledger");
/// assert!(resilience.find("ledger").is_some());
/// # drop(policies);
/// ```
#[derive(Debug, Clone)]
pub struct Resilience(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: RwLock<ResilienceConfig>,
    metrics: Metrics,
    known: Mutex<BTreeMap<String, Policies>>,
    limits: Limits,
}

/// The policies of one dependency or of one of its endpoints. Clones share the state.
#[derive(Debug, Clone)]
pub struct Policies(Arc<Handles>);

#[derive(Debug)]
struct Handles {
    name: Arc<str>,
    /// The name of the dependency, also of its endpoints.
    dependency: Arc<str>,
    config: PoliciesConfig,
    retry: Retry,
    bulkhead: Bulkhead,
    breaker: CircuitBreaker,
    optional: Optional,
}

/// Optional policies of a dependency, which its endpoints share.
#[derive(Debug, Clone)]
struct Optional {
    outgoing: Option<Outgoing>,
    hedge: Option<(HedgeConfig, Counter)>,
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

impl Optional {
    fn new(name: &str, config: &PoliciesConfig, metrics: &Metrics) -> Self {
        let hedge = config.hedge.clone();
        Self {
            outgoing: Outgoing::new(name, config, metrics),
            hedge: hedge.map(|config| (config, hedges(name, metrics))),
            coalesced: config.coalesce.then(|| coalesced(name, metrics)),
        }
    }
}

impl Resilience {
    /// Creates the policies of a configuration.
    #[must_use]
    pub fn new(config: ResilienceConfig, metrics: Metrics) -> Self {
        Self(Arc::new(Inner {
            config: RwLock::new(config),
            metrics,
            known: Mutex::default(),
            limits: Limits::default(),
        }))
    }

    /// Returns the policies of a dependency. Each call returns the same state.
    #[must_use]
    pub fn dependency(&self, name: &str) -> Policies {
        let inner = &*self.0;
        let mut known = inner.known.lock();
        if let Some(policies) = known.get(name) {
            return policies.clone();
        }
        let config = self.config_of(name);
        let policies = Policies(Arc::new(Handles {
            retry: Retry::new(name, &config.retry, &inner.metrics),
            bulkhead: Bulkhead::new(name, &config.bulkhead, &inner.metrics),
            breaker: CircuitBreaker::new(name, &config.breaker, &inner.metrics),
            optional: Optional::new(name, &config, &inner.metrics),
            name: name.into(),
            dependency: name.into(),
            config,
        }));
        known.insert(name.to_owned(), policies.clone());
        policies
    }

    /// Changes the breakers and retries of running dependencies (CONF-4). Other policies keep their
    /// settings until a restart.
    pub fn reload(&self, config: ResilienceConfig) {
        *self.0.config.write() = config;
        let known: Vec<Policies> = self.0.known.lock().values().cloned().collect();
        for policies in known {
            let config = self.config_of(&policies.0.dependency);
            policies.breaker().reload(&config.breaker);
            if policies.name() == &policies.0.dependency {
                policies.retry().reload(&config.retry);
            }
        }
    }

    fn config_of(&self, dependency: &str) -> PoliciesConfig {
        let config = self.0.config.read();
        let config = config.dependencies.get(dependency);
        config.cloned().unwrap_or_default()
    }

    /// Returns the policies of an endpoint. It has its own breaker, `dependency/endpoint`, and
    /// shares the bulkhead, the retry budget and the limits of the dependency. Use route templates
    /// or method names, because each endpoint is kept for ever.
    #[must_use]
    pub fn endpoint(&self, dependency: &str, endpoint: &str) -> Policies {
        let shared = self.dependency(dependency);
        let name = format!("{dependency}/{endpoint}");
        let mut known = self.0.known.lock();
        if let Some(policies) = known.get(&name) {
            return policies.clone();
        }
        let config = PoliciesConfig {
            breaker: self.config_of(dependency).breaker,
            ..shared.config().clone()
        };
        let policies = Policies(Arc::new(Handles {
            retry: shared.retry().clone(),
            bulkhead: shared.bulkhead().clone(),
            breaker: CircuitBreaker::new(&name, &config.breaker, &self.0.metrics),
            optional: shared.0.optional.clone(),
            name: name.as_str().into(),
            dependency: dependency.into(),
            config,
        }));
        known.insert(name, policies.clone());
        policies
    }

    /// Returns the rate limit of this name, which the admin API lists. The first call sets its
    /// configuration.
    #[must_use]
    pub fn rate_limiter(&self, name: &str, config: &RateLimitConfig) -> RateLimiter {
        self.0.limits.rate(name, config, &self.0.metrics)
    }

    /// Returns the adaptive limit of this name, which the admin API lists. The first call sets its
    /// configuration.
    #[must_use]
    pub fn adaptive_concurrency(
        &self,
        name: &str,
        config: &AdaptiveConcurrencyConfig,
    ) -> AdaptiveConcurrency {
        self.0.limits.concurrency(name, config, &self.0.metrics)
    }

    /// Returns the current state of all limits.
    #[must_use]
    pub fn limits(&self) -> LimitsSnapshot {
        self.0.limits.snapshot()
    }

    /// Returns the policies of a dependency or an endpoint, if they are in use.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Policies> {
        self.0.known.lock().get(name).cloned()
    }

    /// Returns the current state of all used dependencies by name.
    #[must_use]
    pub fn snapshot(&self) -> Vec<PoliciesSnapshot> {
        let known: Vec<Policies> = self.0.known.lock().values().cloned().collect();
        known.iter().map(Policies::snapshot).collect()
    }
}

impl Policies {
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

    /// Returns the settings at the first use. A reload may have changed the breaker and retries.
    #[must_use]
    pub fn config(&self) -> &PoliciesConfig {
        &self.0.config
    }

    /// Returns the circuit breaker.
    #[must_use]
    pub fn breaker(&self) -> &CircuitBreaker {
        &self.0.breaker
    }

    /// Returns the bulkhead.
    #[must_use]
    pub fn bulkhead(&self) -> &Bulkhead {
        &self.0.bulkhead
    }

    /// Returns the retry policy.
    #[must_use]
    pub fn retry(&self) -> &Retry {
        &self.0.retry
    }

    /// Returns the rate limit of the calls of this process, if set.
    #[must_use]
    pub fn rate_limit(&self) -> Option<&RateLimiter> {
        self.outgoing()?.rate()
    }

    /// Returns the adaptive limit of the calls, if set.
    #[must_use]
    pub fn adaptive_concurrency(&self) -> Option<&AdaptiveConcurrency> {
        self.outgoing()?.concurrency()
    }

    pub(super) fn outgoing(&self) -> Option<&Outgoing> {
        self.0.optional.outgoing.as_ref()
    }

    /// Returns a layer that hedges calls, for use around [`layer`](Self::layer). `None` if hedging
    /// is off. `replay` decides which requests may be sent while the first one runs.
    #[must_use]
    pub fn hedge_layer<P>(&self, replay: P) -> Option<HedgeLayer<P>> {
        let (config, hedges) = self.0.optional.hedge.as_ref()?;
        let budget = self.retry().clone();
        Some(HedgeLayer::counting(config, budget, hedges.clone(), replay))
    }

    /// Returns the outermost layer, which coalesces equal requests. `None` if coalescing is off.
    /// `key` returns the same value for equal requests.
    #[must_use]
    pub fn coalesce_layer<F, Request, K>(&self, key: F) -> Option<CoalesceLayer<F, Request>>
    where
        F: Fn(&Request) -> Option<K>,
    {
        let coalesced = self.0.optional.coalesced.clone()?;
        Some(CoalesceLayer::counting(coalesced, key))
    }

    /// Returns the current state.
    #[must_use]
    pub fn snapshot(&self) -> PoliciesSnapshot {
        let Optional {
            hedge, coalesced, ..
        } = &self.0.optional;
        PoliciesSnapshot {
            name: self.name().to_string(),
            breaker: self.breaker().snapshot(),
            bulkhead: self.bulkhead().snapshot(),
            retry: self.retry().snapshot(),
            rate_limit: self.rate_limit().map(RateLimiter::snapshot),
            adaptive_concurrency: self
                .adaptive_concurrency()
                .map(AdaptiveConcurrency::snapshot),
            hedge: hedge.as_ref().map(|(config, hedges)| HedgeSnapshot {
                delay: config.delay.get(),
                hedges: hedges.get(),
            }),
            coalesce: coalesced.as_ref().map(|coalesced| CoalesceSnapshot {
                coalesced: coalesced.get(),
            }),
        }
    }
}
