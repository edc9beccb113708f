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
    observe::Observer,
    store::{MemoryStore, RedisStore, Store},
    url::CacheUrl,
};

/// A cache. Cheap to clone; all clones are the same cache.
#[derive(Clone)]
pub struct Cache(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: Box<dyn Store>,
    pub(crate) observer: Observer,
    breaker: CircuitBreaker,
    redis: Option<Redis>,
    leases: Arc<dyn LeaseStore>,
}

impl Cache {
    /// A cache of this name. A Redis is not waited for: without it the service is ready and `degraded`, and callers go to the source (LIFE-7).
    ///
    /// # Errors
    /// [`StartError`] where the settings cannot be a cache.
    pub fn connect<C: Settings>(
        service: &Assembly<C>,
        name: &str,
        config: &CacheConfig,
    ) -> Result<Self, StartError> {
        let name: Arc<str> = name.into();
        let (store, redis, leases, system): (Box<dyn Store>, _, Arc<dyn LeaseStore>, _) =
            match &config.url {
                CacheUrl::Memory => (
                    Box::new(MemoryStore::new(config.memory)),
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
                        StartError::because(format!("{name} cannot be a cache"), error)
                    })?;
                    (
                        Box::new(RedisStore::new(redis.clone(), &config.prefix)),
                        Some(redis.clone()),
                        Arc::new(RedisLeases::new(redis, &config.prefix)),
                        "redis",
                    )
                }
            };
        let policies = service.resilience().dependency(&name);
        let cache = Self(Arc::new(Inner {
            store,
            observer: Observer::new(
                &name,
                system,
                service.metrics(),
                service.telemetry().tracer(),
            ),
            breaker: policies.breaker().clone(),
            redis,
            leases,
        }));
        let watched = cache.clone();
        service
            .health()
            .register(Probe::optional(&*name, move || watched.clone().check()));
        Ok(cache)
    }

    async fn check(self) -> Result<(), CheckFailure> {
        let checked = self.0.store.check().await;
        checked.map_err(|error| CheckFailure::new(error.to_string()))
    }

    /// The entries of one kind, such as `event`: their keys meet no others.
    #[must_use]
    pub fn entries<T>(&self, kind: &'static str, config: EntryConfig) -> Entries<T> {
        Entries::new(self.clone(), kind, config)
    }

    /// Leases where this cache is: in Redis for replicas, in memory for a service that is one process.
    #[must_use]
    pub fn leases(&self) -> Arc<dyn LeaseStore> {
        Arc::clone(&self.0.leases)
    }

    /// The Redis that it is in, if it is.
    #[must_use]
    pub fn redis(&self) -> Option<&Redis> {
        self.0.redis.as_ref()
    }

    /// A step with the store, by the breaker's leave. `None` where it failed or was not asked.
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
                let (cache, problem) = (self.0.breaker.name(), error.to_string());
                tracing::warn!(cache, problem, "the cache was passed by");
            })
            .ok()
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Cache").field(&self.0.store).finish()
    }
}
