//! Services with a cache.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use seaworthy_cache::{Cache, CacheConfig, Entries, EntryConfig};
use seaworthy_config::{Loader, Profile};
use seaworthy_service::{NoSettings, RunningService, Service};

/// Longer than any awaited event takes on a slow machine.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

/// A service with a cache at a URL.
pub(crate) async fn service(url: &str) -> (RunningService, Cache) {
    service_named("orders", Profile::Development, url).await
}

pub(crate) async fn service_named(
    name: &'static str,
    profile: Profile,
    url: &str,
) -> (RunningService, Cache) {
    service_with(name, profile, url, None).await
}

pub(crate) async fn service_with(
    name: &'static str,
    profile: Profile,
    url: &str,
    prefix: Option<&str>,
) -> (RunningService, Cache) {
    let config = CacheConfig {
        url: url.parse().unwrap(),
        prefix: prefix.map(str::to_owned),
        ..CacheConfig::default()
    };
    let loader = Loader::for_tests(name)
        .profile(profile)
        .overrides(["health.interval=50ms"]);
    let started = OnceLock::new();
    let running = Service::new(name, "1.0.0")
        .start::<NoSettings, _>(loader, async |service| {
            let _ = started.set(Cache::connect(service, "cache", &config)?);
            Ok(())
        })
        .await
        .unwrap();
    (running, started.into_inner().unwrap())
}

pub(crate) fn entries(cache: &Cache) -> Entries<String> {
    cache.entries("title", EntryConfig::default())
}

/// Loads an entry and counts the reads from the source.
pub(crate) async fn load(
    entries: &Entries<String>,
    key: &str,
    loads: &Arc<AtomicU32>,
    value: Option<&str>,
) -> Option<String> {
    let (loads, value) = (loads.clone(), value.map(str::to_owned));
    let loaded = entries.get_or_load(key, || async move {
        loads.fetch_add(1, Ordering::SeqCst);
        Ok(value)
    });
    loaded.await.unwrap().map(|value| (*value).clone())
}
