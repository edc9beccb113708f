use std::{collections::BTreeSet, sync::Arc, time::Instant};

use seaworthy_core::Error;

use super::{
    super::{
        decision::Decision,
        headers::{LimitHeaders, RateLimitHeaders},
        key::RateLimitKey,
        local::RateLimiter,
        on_store_failure::OnStoreFailure,
        shared::{RateLimitStore, SharedRateLimiter, StoreError},
        snapshot::RateLimitSnapshot,
    },
    Inner, RateLimitResult, RateLimited,
    caller::LimitedCaller,
    config::{LimitBy, RateLimitsConfig, RateLimitsError},
    limit::RateLimit,
};
use crate::{Rejection, RejectionReason};

/// The limits of one version of the settings.
pub(super) struct LimitSet {
    config: RateLimitsConfig,
    store: Option<RateLimitStore>,
    limits: Box<[Entry]>,
}

struct Entry {
    by: LimitBy,
    name: Arc<str>,
    limit: RateLimit,
    headers: LimitHeaders,
}

impl LimitSet {
    pub(super) fn new(inner: &Inner, config: &RateLimitsConfig) -> Result<Self, RateLimitsError> {
        let store = config.redis.as_ref();
        let store = store.map(|redis| inner.stores.get(redis)).transpose()?;
        let limits = config.all().map(|(further, by, limit)| {
            let name = qualified(&inner.name, further);
            let header_name = match further {
                Some(further) if *inner.header_name != *inner.name => further.to_owned(),
                _ => qualified(&inner.header_name, further),
            };
            let headers =
                LimitHeaders::new(&header_name, &limit, store.is_none(), config.legacy_headers);
            let local = RateLimiter::new(&name, &limit, &inner.metrics);
            let limit = match (&store, &config.redis) {
                (Some(store), Some(redis)) => {
                    let shared = redis.shared(limit, &inner.scope);
                    let (store, metrics) = (store.clone(), &inner.metrics);
                    SharedRateLimiter::with_fallback(&name, &shared, store, local, metrics).into()
                }
                _ => RateLimit::from(local),
            };
            Entry {
                by,
                name: name.into(),
                limit,
                headers,
            }
        });
        Ok(Self {
            limits: limits.collect(),
            config: config.clone(),
            store,
        })
    }

    pub(super) fn config(&self) -> &RateLimitsConfig {
        &self.config
    }

    pub(super) fn is_shared(&self) -> bool {
        self.store.is_some()
    }

    /// Checks that the store runs the scripts of these limits, if all requests are rejected
    /// otherwise.
    pub(super) async fn check_store(&self, scope: &str) -> Result<(), StoreError> {
        match (&self.store, &self.config.redis) {
            (Some(store), Some(redis)) if redis.on_failure == OnStoreFailure::Closed => {
                let prefix = redis.prefix(scope);
                let limits = self.config.all();
                let bursts: BTreeSet<bool> =
                    limits.map(|(_, _, limit)| limit.burst.is_some()).collect();
                for has_burst in bursts {
                    store.check_script(&prefix, has_burst).await?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Counts one request in this process.
    pub(super) fn count_here(
        &self,
        caller: &LimitedCaller,
        now: Instant,
        headers: &mut Option<RateLimitHeaders>,
    ) -> Result<(), RateLimited> {
        for entry in &self.limits {
            if let Some(key) = caller.key(entry.by)
                && let Some(limiter) = entry.limit.local()
            {
                entry.conclude(Ok(limiter.check(&key, now)), headers)?;
            }
        }
        Ok(())
    }

    /// Counts one request in Redis or in this process.
    pub(super) async fn count(
        &self,
        caller: &LimitedCaller,
        headers: &mut Option<RateLimitHeaders>,
    ) -> Result<(), RateLimited> {
        for entry in &self.limits {
            if let Some(key) = caller.key(entry.by) {
                entry.conclude(entry.limit.check(&key).await, headers)?;
            }
        }
        Ok(())
    }

    /// Counts one request of a key by all limits.
    pub(super) async fn count_key(&self, key: &RateLimitKey) -> RateLimitResult {
        let mut headers = None;
        for entry in &self.limits {
            entry.conclude(entry.limit.check(key).await, &mut headers)?;
        }
        Ok(headers)
    }

    /// Returns the current state of each limit.
    pub(super) fn snapshots(&self) -> Vec<RateLimitSnapshot> {
        let limits = self.limits.iter();
        limits.map(|entry| entry.limit.snapshot()).collect()
    }
}

impl Entry {
    /// Adds a decision to the headers of the response.
    fn conclude(
        &self,
        decision: Result<Decision, Rejection>,
        headers: &mut Option<RateLimitHeaders>,
    ) -> Result<(), RateLimited> {
        let decision = decision.map_err(|rejection| RateLimited {
            error: rejection.into(),
            headers: None,
        })?;
        let own = self.headers.of(&decision);
        *headers = Some(match headers.take() {
            Some(known) => known.merge(&own),
            None => own,
        });
        if decision.allowed {
            return Ok(());
        }
        let rejection = Rejection::new(&self.name, RejectionReason::RateLimited);
        Err(RateLimited {
            error: Error::from(rejection.with_retry_after(decision.retry_after)),
            headers: headers.take(),
        })
    }
}

fn qualified(name: &str, further: Option<&str>) -> String {
    match further {
        Some(further) => format!("{name}/{further}"),
        None => name.to_owned(),
    }
}
