//! Several limits on the same requests, as a listener or a route has them.

mod caller;
mod config;
mod limit;
mod set;
mod stores;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc, time::Instant};

use arc_swap::ArcSwap;
use futures::future::BoxFuture;
use seaworthy_core::Error;
use seaworthy_telemetry::metrics::Metrics;

use self::set::LimitSet;
pub(crate) use self::stores::RateLimitStores;
pub use self::{
    caller::LimitedCaller,
    config::{LimitBy, NamedLimitConfig, RateLimitRedisConfig, RateLimitsConfig, RateLimitsError},
    limit::RateLimit,
};
use super::{
    headers::RateLimitHeaders, key::RateLimitKey, shared::StoreError, snapshot::RateLimitSnapshot,
};

/// The rate limits of a listener or a route. Cheap to clone. All clones share the counts.
///
/// A reload replaces the settings while requests are counted. Counts in Redis stay. Counts in this
/// process restart if the settings differ.
///
/// ```
/// use seaworthy_resilience::rate_limit::{RateLimits, RateLimitsConfig};
/// use seaworthy_telemetry::metrics::Metrics;
///
/// let config = RateLimitsConfig::default();
/// let reports = RateLimits::new("orders-service", "reports", &config, &Metrics::new()).unwrap();
/// reports.reload(&RateLimitsConfig { enabled: false, ..config }).unwrap();
/// ```
#[derive(Clone)]
pub struct RateLimits(Arc<Inner>);

struct Inner {
    scope: Box<str>,
    name: Box<str>,
    /// The name of the limit of the section in the response headers.
    header_name: Box<str>,
    metrics: Metrics,
    stores: RateLimitStores,
    current: ArcSwap<Option<LimitSet>>,
}

/// The result of a check: the headers of the response, if a limit counted the request.
pub type RateLimitResult = Result<Option<RateLimitHeaders>, RateLimited>;

/// A check that is complete, or that waits for Redis.
pub enum RateLimitCheck {
    /// The result.
    Ready(RateLimitResult),
    /// Resolves to the result.
    Pending(BoxFuture<'static, RateLimitResult>),
}

/// A rejected request.
#[derive(Debug)]
pub struct RateLimited {
    /// 429 `RATE_LIMITED`, or 503 `SERVICE_DEGRADED` if Redis is unavailable.
    pub error: Error,
    /// The headers of the response. `None` if Redis is unavailable.
    pub headers: Option<RateLimitHeaders>,
}

impl RateLimits {
    /// Creates unused limits. `scope` separates the keys of services and profiles in one Redis,
    /// such as `orders:production`. `name` is the name in metrics, in Redis and in the response
    /// headers. No connection is opened before the first request.
    ///
    /// # Errors
    /// [`RateLimitsError`] if the settings are invalid.
    pub fn new(
        scope: &str,
        name: &str,
        config: &RateLimitsConfig,
        metrics: &Metrics,
    ) -> Result<Self, RateLimitsError> {
        Self::with_header_name(scope, name, name, config, metrics)
    }

    /// Creates limits with another name in the response headers than in metrics and in Redis.
    ///
    /// # Errors
    /// [`RateLimitsError`] if the settings are invalid.
    pub fn with_header_name(
        scope: &str,
        name: &str,
        header_name: &str,
        config: &RateLimitsConfig,
        metrics: &Metrics,
    ) -> Result<Self, RateLimitsError> {
        let stores = RateLimitStores::default();
        Self::with_stores(scope, [name, header_name], config, metrics, &stores)
    }

    /// Creates limits that share connections to Redis. The names are those in metrics and in the
    /// response headers.
    pub(crate) fn with_stores(
        scope: &str,
        [name, header_name]: [&str; 2],
        config: &RateLimitsConfig,
        metrics: &Metrics,
        stores: &RateLimitStores,
    ) -> Result<Self, RateLimitsError> {
        super::declare_errors(metrics);
        let limits = Self(Arc::new(Inner {
            scope: scope.into(),
            name: name.into(),
            header_name: header_name.into(),
            metrics: metrics.clone(),
            stores: stores.clone(),
            current: ArcSwap::from_pointee(None),
        }));
        limits.replace(config)?;
        Ok(limits)
    }

    /// Replaces the settings (CONF-4). Equal settings keep the counts, and an unchanged Redis keeps
    /// its connection.
    ///
    /// # Errors
    /// [`RateLimitsError`] if the settings are invalid. Then nothing changes.
    pub fn reload(&self, config: &RateLimitsConfig) -> Result<(), RateLimitsError> {
        let unchanged = match self.0.current.load().as_ref() {
            Some(set) => set.config() == config,
            None => !config.enabled,
        };
        if unchanged {
            return Ok(());
        }
        self.replace(config)
    }

    fn replace(&self, config: &RateLimitsConfig) -> Result<(), RateLimitsError> {
        config.check()?;
        let inner = &*self.0;
        let set = match config.enabled {
            true => Some(LimitSet::new(inner, config)?),
            false => None,
        };
        inner.current.store(Arc::new(set));
        Ok(())
    }

    /// Returns the current state of each limit. Empty if they are disabled.
    #[must_use]
    pub fn snapshots(&self) -> Vec<RateLimitSnapshot> {
        match self.0.current.load().as_ref() {
            Some(set) => set.snapshots(),
            None => Vec::new(),
        }
    }

    /// Checks that these limits can count. While Redis rejects their scripts and `on_failure` is
    /// `closed`, they reject every request. Limits with another policy, and disabled ones, need no
    /// Redis.
    ///
    /// # Errors
    /// [`StoreError`] if Redis does not run a script that writes.
    pub async fn check_store(&self) -> Result<(), StoreError> {
        match self.0.current.load_full().as_ref() {
            Some(set) => set.check_store(&self.0.scope).await,
            None => Ok(()),
        }
    }

    /// Counts one request of a key of your own, such as an API key or a route of one address. The
    /// setting `by` does not apply.
    ///
    /// # Errors
    /// [`RateLimited`] if a limit rejects the request.
    pub async fn count_key(&self, key: &RateLimitKey) -> RateLimitResult {
        match self.0.current.load_full().as_ref() {
            Some(set) => set.count_key(key).await,
            None => Ok(None),
        }
    }

    /// Counts one request by all of these limits, in order, and stops at the first rejection.
    /// Limits before it keep their count.
    pub fn count<'a>(
        all: impl IntoIterator<Item = &'a Self>,
        caller: &LimitedCaller,
        now: Instant,
    ) -> RateLimitCheck {
        let mut headers = None;
        let mut all = all.into_iter();
        while let Some(limits) = all.next() {
            let current = limits.0.current.load();
            let Some(set) = current.as_ref() else {
                continue;
            };
            if set.is_shared() {
                let rest = all.map(|limits| limits.0.current.load_full());
                let sets: Vec<_> = std::iter::once(Arc::clone(&current)).chain(rest).collect();
                let caller = caller.clone();
                return RateLimitCheck::Pending(Box::pin(async move {
                    for set in sets.iter().filter_map(|set| set.as_ref().as_ref()) {
                        set.count(&caller, &mut headers).await?;
                    }
                    Ok(headers)
                }));
            }
            if let Err(limited) = set.count_here(caller, now, &mut headers) {
                return RateLimitCheck::Ready(Err(limited));
            }
        }
        RateLimitCheck::Ready(Ok(headers))
    }
}

impl fmt::Debug for RateLimits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RateLimits")
            .field("name", &self.0.name)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RateLimitCheck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(counted) => formatter.debug_tuple("Ready").field(counted).finish(),
            Self::Pending(_) => formatter.write_str("Pending"),
        }
    }
}
