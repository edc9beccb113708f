use std::{fmt, future::Future, sync::Arc, time::Instant};

use seaworthy_config::Settings;
use seaworthy_health::{CheckFailure, Probe};
use seaworthy_redis::{Redis, RedisConfig, RedisError};
use seaworthy_resilience::{Outcome as CallOutcome, circuit_breaker::CircuitBreaker};
use seaworthy_service::{
    Assembly, StartError,
    lease::{LeaseStore, MemoryLeases},
};

use crate::{
    config::{CacheConfig, EntryConfig},
    entries::Entries,
    leases::RedisLeases,
    metrics::CacheMetrics,
    store::{MemoryStore, RedisStore, Store},
    url::CacheUrl,
};

/// A cache. Cheap to clone. All clones share one cache.
///
/// ```no_run
/// use seaworthy_cache::{Cache, CacheConfig, EntryConfig};
/// use seaworthy_service::{Assembly, NoSettings, StartError};
///
/// async fn assemble(service: &Assembly<NoSettings>) -> Result<(), StartError> {
///     let cache = Cache::connect(service, "cache", &CacheConfig::default())?;
///     let prices = cache.entries::<u64>("price", EntryConfig::default());
///     # drop(prices);
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct Cache(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: Box<dyn Store>,
    pub(crate) metrics: CacheMetrics,
    breaker: CircuitBreaker,
    redis: Option<Redis>,
    leases: Arc<dyn LeaseStore>,
}

impl Cache {
    /// Creates a cache of this name. It does not wait for Redis: without Redis the service is ready
    /// and `degraded`, and callers read from the source (LIFE-7).
    ///
    /// # Errors
    /// [`StartError`] if the settings are invalid.
    pub fn connect<C: Settings>(
        service: &Assembly<C>,
        name: &str,
        config: &CacheConfig,
    ) -> Result<Self, StartError> {
        let name: Arc<str> = name.into();
        let (store, redis, leases, system): (Box<dyn Store>, _, Arc<dyn LeaseStore>, _) =
            match &config.url {
                CacheUrl::Memory => (
                    Box::new(MemoryStore::new(config.max_memory)),
                    None,
                    Arc::new(MemoryLeases::default()),
                    "memory",
                ),
                CacheUrl::Redis(url) => {
                    let redis = Redis::new(&RedisConfig {
                        url: url.clone(),
                        password: config.password.clone(),
                        timeout: config.timeout,
                    })
                    .map_err(|error| {
                        StartError::with_cause(format!("the settings of {name} are invalid"), error)
                    })?;
                    let own = default_prefix(service, &name);
                    let entries = config.prefix.as_ref().unwrap_or(&own);
                    // Leases of different services may have the same name.
                    let leases = if entries.is_empty() { &own } else { entries };
                    (
                        Box::new(RedisStore::new(redis.clone(), entries)),
                        Some(redis.clone()),
                        Arc::new(RedisLeases::new(redis, leases)),
                        "redis",
                    )
                }
            };
        let policies = service.resilience().dependency(&name);
        let cache = Self(Arc::new(Inner {
            store,
            metrics: CacheMetrics::new(
                &name,
                system,
                service.metrics(),
                service.telemetry().tracer(),
            ),
            breaker: policies.breaker().clone(),
            redis,
            leases,
        }));
        let checked = cache.clone();
        service
            .health()
            .register(Probe::optional(&*name, move || checked.clone().check()));
        Ok(cache)
    }

    async fn check(self) -> Result<(), CheckFailure> {
        let checked = self.0.store.check().await;
        checked.map_err(|error| CheckFailure::new(error.to_string()))
    }

    /// Returns the entries of one kind, such as `event`. Each kind has its own keys.
    #[must_use]
    pub fn entries<T>(&self, kind: &'static str, config: EntryConfig) -> Entries<T> {
        Entries::new(self.clone(), kind, config)
    }

    /// Returns leases in the store of this cache: in Redis for all replicas, or in memory for a
    /// service that is one process.
    #[must_use]
    pub fn leases(&self) -> Arc<dyn LeaseStore> {
        Arc::clone(&self.0.leases)
    }

    /// Returns the Redis of this cache, if it has one.
    #[must_use]
    pub fn redis(&self) -> Option<&Redis> {
        self.0.redis.as_ref()
    }

    /// Runs a step with the store if the circuit breaker admits it. Returns `None` if the step
    /// failed or was not admitted.
    pub(crate) async fn guarded<T>(
        &self,
        step: impl Future<Output = Result<T, RedisError>>,
    ) -> Option<T> {
        let admission = self.0.breaker.admit(Instant::now()).ok()?;
        let result = step.await;
        let outcome = match &result {
            Err(error) if error.is_outage() => CallOutcome::TRANSIENT,
            _ => CallOutcome::Success,
        };
        admission.report(outcome, Instant::now());
        result
            .inspect_err(|error| {
                let cache = self.0.breaker.name();
                tracing::warn!(cache, %error, "the cache is unavailable, so the caller reads from the source");
            })
            .ok()
    }
}

/// Returns a prefix that differs from those of other services, deployments and caches.
fn default_prefix<C: Settings>(service: &Assembly<C>, cache: &str) -> String {
    format!("{}:{cache}", service.store_scope())
}

impl fmt::Debug for Cache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Cache").field(&self.0.store).finish()
    }
}
