use std::{collections::BTreeMap, sync::Arc};

use parking_lot::{Mutex, RwLock};
use seaworthy_telemetry::metrics::Metrics;

use super::{
    config::{PoliciesConfig, ResilienceConfig},
    handle::{Policies, PoliciesSnapshot},
    limits::{Limits, LimitsSnapshot},
};
use crate::{
    adaptive_concurrency::{AdaptiveConcurrency, AdaptiveConcurrencyConfig},
    rate_limit::{RateLimitConfig, RateLimiter, RateLimits, RateLimitsConfig, RateLimitsError},
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
    /// The policies of dependencies without settings, if they differ from the defaults.
    defaults: Mutex<BTreeMap<String, PoliciesConfig>>,
    known: Mutex<BTreeMap<String, Policies>>,
    limits: Limits,
}

impl Resilience {
    /// Creates the policies of a configuration.
    #[must_use]
    pub fn new(config: ResilienceConfig, metrics: Metrics) -> Self {
        Self(Arc::new(Inner {
            config: RwLock::new(config),
            metrics,
            defaults: Mutex::default(),
            known: Mutex::default(),
            limits: Limits::default(),
        }))
    }

    /// Returns the policies of a dependency. Each call returns the same state.
    ///
    /// A dependency `group/member` without settings of its own uses those of `group`. Each member
    /// has its own breaker, bulkhead and limits.
    #[must_use]
    pub fn dependency(&self, name: &str) -> Policies {
        let inner = &*self.0;
        let mut known = inner.known.lock();
        if let Some(policies) = known.get(name) {
            return policies.clone();
        }
        let policies = Policies::new(name, self.config_of(name), &inner.metrics);
        known.insert(name.to_owned(), policies.clone());
        policies
    }

    /// Returns the policies of a dependency, or `default` if it has no settings of its own.
    /// Only the first call sets the default.
    #[must_use]
    pub fn dependency_with_default(&self, name: &str, default: PoliciesConfig) -> Policies {
        let mut defaults = self.0.defaults.lock();
        defaults.entry(name.to_owned()).or_insert(default);
        drop(defaults);
        self.dependency(name)
    }

    /// Changes the settings of running dependencies (CONF-4), except `coalesce`.
    pub fn reload(&self, config: ResilienceConfig) {
        *self.0.config.write() = config;
        let known: Vec<Policies> = self.0.known.lock().values().cloned().collect();
        for policies in known {
            policies.reload(&self.config_of(policies.dependency_name()));
        }
    }

    fn config_of(&self, dependency: &str) -> PoliciesConfig {
        let config = self.0.config.read();
        let all = &config.dependencies;
        let of_group = || all.get(dependency.split_once('/')?.0);
        let defaults = self.0.defaults.lock();
        let config = all.get(dependency).or_else(of_group);
        let config = config.or_else(|| defaults.get(dependency));
        config.cloned().unwrap_or_default()
    }

    /// Returns the policies of an endpoint. It has its own breaker, `dependency/endpoint`, and
    /// shares the bulkhead, the retry budget and the limits of the dependency. Use route templates
    /// or method names, because the service never removes an endpoint.
    #[must_use]
    pub fn endpoint(&self, dependency: &str, endpoint: &str) -> Policies {
        let shared = self.dependency(dependency);
        let name = format!("{dependency}/{endpoint}");
        let mut known = self.0.known.lock();
        if let Some(policies) = known.get(&name) {
            return policies.clone();
        }
        let policies = shared.endpoint(&name);
        known.insert(name, policies.clone());
        policies
    }

    /// Returns the rate limit of this name, which the admin API lists. The first call sets its
    /// configuration.
    #[must_use]
    pub fn rate_limiter(&self, name: &str, config: &RateLimitConfig) -> RateLimiter {
        self.0.limits.rate(name, config, &self.0.metrics)
    }

    /// Creates rate limits of routes, which the admin API lists. They share connections to Redis.
    /// `scope` separates the keys of services and profiles in one Redis, and `name` must be unique
    /// within the service.
    ///
    /// # Errors
    /// [`RateLimitsError`] if the settings are invalid.
    pub fn rate_limits(
        &self,
        scope: &str,
        name: &str,
        config: &RateLimitsConfig,
    ) -> Result<RateLimits, RateLimitsError> {
        self.0.limits.routes(scope, name, config, &self.0.metrics)
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
