//! One suite on every store, and the behavior without Redis.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use seaworthy_cache::{Cache, CacheConfig, Entries, EntryConfig};
use seaworthy_config::{Loader, Profile};
use seaworthy_core::{Code, Error, Timeout};
use seaworthy_service::{NoSettings, RunningService, Service, lease::conformance};
use seaworthy_testkit::{http::get, redis::RedisServer, requirement::required};
use tokio::sync::oneshot;

/// Longer than any awaited event takes on a slow machine.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Sequences of the model test, and the steps of each.
const SEQUENCES: u32 = 100;
const STEPS: u32 = 40;

/// A service with a cache at a URL.
async fn service(url: &str) -> (RunningService, Cache) {
    service_named("orders", Profile::Development, url).await
}

async fn service_named(name: &'static str, profile: Profile, url: &str) -> (RunningService, Cache) {
    service_with(name, profile, url, None).await
}

async fn service_with(
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

fn entries(cache: &Cache) -> Entries<String> {
    cache.entries("title", EntryConfig::default())
}

/// Loads an entry and counts the reads from the source.
async fn load(
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

async fn check_suite(url: &str, prefix: Option<&str>) {
    let (running, cache) = service_with("orders", Profile::Development, url, prefix).await;
    let titles = entries(&cache);
    let loads = Arc::new(AtomicU32::new(0));

    // The source is read once, and once more after a change.
    for _ in 0..3 {
        assert_eq!(
            load(&titles, "a", &loads, Some("one")).await.unwrap(),
            "one"
        );
    }
    assert_eq!(loads.load(Ordering::SeqCst), 1);
    titles.invalidate("a").await;
    assert_eq!(
        load(&titles, "a", &loads, Some("two")).await.unwrap(),
        "two"
    );

    // The cache stores that an entity does not exist.
    for _ in 0..3 {
        assert_eq!(load(&titles, "absent", &loads, None).await, None);
    }
    assert_eq!(loads.load(Ordering::SeqCst), 3);

    concurrent_misses_load_once(&titles).await;
    old_load_does_not_replace_new_value(&titles).await;
    readers_after_invalidation_join_no_older_load(&titles).await;
    readers_after_invalidation_see_no_older_version(&cache).await;
    error_is_shared_and_not_stored(&titles).await;
    entry_expires(&cache).await;
    conformance::check(cache.leases()).await.unwrap();
    running.stop().await;
}

async fn concurrent_misses_load_once(titles: &Entries<String>) {
    let (release, released) = oneshot::channel::<()>();
    let first = titles.get_or_load("herd", || async move {
        let _ = released.await;
        Ok(Some("once".to_owned()))
    });
    let mut first = Box::pin(first);
    assert!(futures::poll!(&mut first).is_pending());
    let others: Vec<_> = (0..100)
        .map(|_| {
            titles.get_or_load("herd", || async {
                Err(Error::new(Code::Internal, "TWICE", "loaded twice"))
            })
        })
        .collect();
    release.send(()).unwrap();
    let (first, others) = futures::join!(first, futures::future::join_all(others));
    assert_eq!(first.unwrap().unwrap().as_str(), "once");
    for other in others {
        assert_eq!(other.unwrap().unwrap().as_str(), "once");
    }
}

async fn old_load_does_not_replace_new_value(titles: &Entries<String>) {
    let (begun, has_begun) = oneshot::channel::<()>();
    let (release, released) = oneshot::channel::<()>();
    let slow = titles.get_or_load("race", || async move {
        let _ = begun.send(());
        let _ = released.await;
        Ok(Some("old".to_owned()))
    });
    let change = async {
        has_begun.await.unwrap();
        titles.invalidate("race").await;
        release.send(()).unwrap();
    };
    let (old, ()) = futures::join!(slow, change);
    assert_eq!(old.unwrap().unwrap().as_str(), "old");
    let loads = Arc::new(AtomicU32::new(0));
    assert_eq!(
        load(titles, "race", &loads, Some("new")).await.unwrap(),
        "new"
    );
    assert_eq!(
        load(titles, "race", &loads, Some("newer")).await.unwrap(),
        "new"
    );
}

async fn readers_after_invalidation_join_no_older_load(titles: &Entries<String>) {
    let (begun, has_begun) = oneshot::channel::<()>();
    let (release, released) = oneshot::channel::<()>();
    let older = titles.get_or_load("joined", || async move {
        let _ = begun.send(());
        let _ = released.await;
        Ok(Some("old".to_owned()))
    });
    let change = async {
        has_begun.await.unwrap();
        titles.invalidate("joined").await;
        let later = titles.get_or_load("joined", || async { Ok(Some("new".to_owned())) });
        let later = tokio::time::timeout(TIMEOUT, later).await;
        release.send(()).unwrap();
        later.unwrap().unwrap().unwrap()
    };
    let (older, later) = futures::join!(older, change);
    assert_eq!(later.as_str(), "new");
    assert_eq!(older.unwrap().unwrap().as_str(), "old");
    let kept = titles.get_or_load("joined", || async { Ok(Some("newer".to_owned())) });
    assert_eq!(kept.await.unwrap().unwrap().as_str(), "new");
}

/// The loads of the readers end in any order, between changes of the source. No reader sees a
/// version from before the last `invalidate` that returned before it started.
async fn readers_after_invalidation_see_no_older_version(cache: &Cache) {
    let versions: Entries<u64> = cache.entries("version", EntryConfig::default());
    // Numerical Recipes' linear congruential generator: the same sequences in each run.
    let mut state = 1_u32;
    let mut random = move |bound: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % bound
    };
    for sequence in 0..SEQUENCES {
        let key = sequence.to_string();
        let source = Arc::new(AtomicU64::new(0));
        let gates = Arc::new(Mutex::new(Vec::<oneshot::Sender<()>>::new()));
        let mut readers = Vec::new();
        for _ in 0..STEPS {
            match random(4) {
                0 => {
                    source.fetch_add(1, Ordering::SeqCst);
                    versions.invalidate(&key).await;
                }
                1 => {
                    let mut gates = gates.lock().unwrap();
                    if !gates.is_empty() {
                        let at = random(u32::try_from(gates.len()).unwrap());
                        let _ = gates.swap_remove(at as usize).send(());
                    }
                }
                _ => {
                    let least = source.load(Ordering::SeqCst);
                    let (versions, key) = (versions.clone(), key.clone());
                    let (source, gates) = (Arc::clone(&source), Arc::clone(&gates));
                    readers.push(tokio::spawn(async move {
                        let load = || async move {
                            let version = source.load(Ordering::SeqCst);
                            let (gate, opened) = oneshot::channel();
                            gates.lock().unwrap().push(gate);
                            let _ = opened.await;
                            Ok(Some(version))
                        };
                        let read = versions.get_or_load(&key, load).await.unwrap();
                        assert!(*read.unwrap() >= least, "an older version was read");
                    }));
                }
            }
            tokio::task::yield_now().await;
        }
        for mut reader in readers {
            let begun = Instant::now();
            // A load that begins late has its own gate.
            while let Err(_pending) = tokio::time::timeout(Duration::from_millis(5), &mut reader)
                .await
                .map(Result::unwrap)
            {
                assert!(begun.elapsed() < TIMEOUT, "a reader got no answer");
                gates.lock().unwrap().clear();
            }
        }
    }
}

async fn error_is_shared_and_not_stored(titles: &Entries<String>) {
    let failing = || async { Err(Error::new(Code::Unavailable, "STORE_DOWN", "no store")) };
    let (one, two) = futures::join!(
        titles.get_or_load("broken", failing),
        titles.get_or_load("broken", failing)
    );
    for error in [one.unwrap_err(), two.unwrap_err()] {
        assert_eq!(
            (error.code(), error.reason()),
            (Code::Unavailable, "STORE_DOWN")
        );
    }
    let loads = Arc::new(AtomicU32::new(0));
    assert_eq!(
        load(titles, "broken", &loads, Some("whole")).await.unwrap(),
        "whole"
    );
}

async fn entry_expires(cache: &Cache) {
    let config = EntryConfig {
        ttl: Timeout::from_millis(300),
        ..EntryConfig::default()
    };
    let brief = cache.entries::<String>("brief", config);
    let loads = Arc::new(AtomicU32::new(0));
    load(&brief, "a", &loads, Some("one")).await;
    let begun = Instant::now();
    while load(&brief, "a", &loads, Some("two")).await.unwrap() == "one" {
        assert!(begun.elapsed() < TIMEOUT);
        tokio::task::yield_now().await;
    }
    assert_eq!(loads.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn memory_cache_passes_suite_data_5() {
    check_suite("memory:", None).await;
}

#[tokio::test]
async fn redis_cache_passes_suite_data_5() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let server = RedisServer::start(program).unwrap();
    check_suite(&server.url(), None).await;
    check_suite(&server.url(), Some("")).await;
}

/// Services and deployments that share a Redis share neither entries nor leases.
#[tokio::test(flavor = "multi_thread")]
async fn services_on_one_redis_share_nothing_by_default_data_5() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let server = RedisServer::start(program).unwrap();
    let url = server.url();
    let services = [
        service_named("orders", Profile::Development, &url).await,
        service_named("orders", Profile::Test, &url).await,
        service_named("stock", Profile::Development, &url).await,
    ];
    let loads = Arc::new(AtomicU32::new(0));
    for (number, (_, cache)) in services.iter().enumerate() {
        let own = number.to_string();
        let loaded = load(&entries(cache), "a", &loads, Some(&own)).await;
        assert_eq!(loaded, Some(own.clone()));
        let ttl = Timeout::from_secs(60);
        let lease = cache.leases();
        let token = lease.acquire("cleanup", &own, ttl).await.unwrap();
        assert!(token.is_some(), "service {number} has no lease");
    }
    // A replica of the first service.
    let (replica, cache) = service_named("orders", Profile::Development, &url).await;
    let found = load(&entries(&cache), "a", &loads, Some("again")).await;
    assert_eq!(found.as_deref(), Some("0"));
    let lease = cache.leases();
    let token = lease.acquire("cleanup", "replica", Timeout::from_secs(60));
    assert!(token.await.unwrap().is_none());
    replica.stop().await;
    for (running, _) in services {
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_load_and_readiness_degrades_without_redis_data_5_life_7() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let mut server = RedisServer::start(program).unwrap();
    let (running, cache) = service(&server.url()).await;
    let titles = entries(&cache);
    let loads = Arc::new(AtomicU32::new(0));
    let admin = running.addresses().admin;
    load(&titles, "a", &loads, Some("one")).await;
    server.kill();
    for number in 1..=20 {
        let key = format!("gone-{number}");
        assert_eq!(
            load(&titles, &key, &loads, Some("source")).await.unwrap(),
            "source"
        );
    }
    eventually(admin, |body| body.contains("degraded")).await;
    assert_eq!(get(admin, "/readyz").unwrap().status, 200);
    assert!(
        get(admin, "/metrics")
            .unwrap()
            .body
            .contains("cache_errors_total{")
    );
    server.restart().unwrap();
    eventually(admin, |body| !body.contains("degraded")).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn frozen_redis_does_not_delay_callers_data_5() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let server = RedisServer::start(program).unwrap();
    let (running, cache) = service(&server.url()).await;
    let titles = entries(&cache);
    let loads = Arc::new(AtomicU32::new(0));
    load(&titles, "a", &loads, Some("one")).await;
    server.freeze();
    let begun = Instant::now();
    for number in 0..200 {
        load(&titles, &format!("slow-{number}"), &loads, Some("source")).await;
    }
    // Without a breaker it would be at least 200 times 200 ms.
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "{:?}",
        begun.elapsed()
    );
    server.resume();
    running.stop().await;
}

/// Waits until the readiness report satisfies a condition.
async fn eventually(admin: std::net::SocketAddr, holds: impl Fn(&str) -> bool) {
    let deadline = Instant::now() + TIMEOUT;
    while !holds(&get(admin, "/readyz").unwrap().body) {
        assert!(
            Instant::now() < deadline,
            "{}",
            get(admin, "/readyz").unwrap().body
        );
        tokio::task::yield_now().await;
    }
}
