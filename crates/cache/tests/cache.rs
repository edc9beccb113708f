//! One suite on every store, and what happens when Redis goes.

#![expect(
    clippy::unwrap_used,
    reason = "what a test cannot unwrap has failed it"
)]

use std::{
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use seaworthy_cache::{Cache, CacheConfig, Entries, EntryConfig};
use seaworthy_config::{Environment, Loader};
use seaworthy_core::{Code, Error, Timeout};
use seaworthy_service::{NoSettings, RunningService, Service, lease::conformance};
use seaworthy_testkit::{http::get, redis::RedisServer, requirement::required};
use tokio::sync::oneshot;

/// Nothing that these tests wait for takes longer on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Sequences of the model test, and the steps of each.
const SEQUENCES: u32 = 100;
const STEPS: u32 = 40;

/// A service with a cache at this URL.
async fn service(url: &str) -> (RunningService, Cache) {
    let config = CacheConfig {
        url: url.parse().unwrap(),
        ..CacheConfig::default()
    };
    let loader = Loader::new("orders")
        .environment(Environment::default())
        .overrides([
            "server.http.addr=127.0.0.1:0".to_owned(),
            "admin.addr=127.0.0.1:0".to_owned(),
            "lifecycle.drain_delay=0s".to_owned(),
            "health.interval=50ms".to_owned(),
        ]);
    let made = OnceLock::new();
    let running = Service::new("orders", "1.0.0")
        .start::<NoSettings, _>(loader, async |service| {
            let _ = made.set(Cache::connect(service, "cache", &config)?);
            Ok(())
        })
        .await
        .unwrap();
    (running, made.into_inner().unwrap())
}

fn entries(cache: &Cache) -> Entries<String> {
    cache.entries("title", EntryConfig::default())
}

/// What the source says, counted.
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

async fn keeps_every_promise(url: &str) {
    let (running, cache) = service(url).await;
    let titles = entries(&cache);
    let loads = Arc::new(AtomicU32::new(0));

    // Loaded once, found from then on, and loaded again after a change.
    for _ in 0..3 {
        assert_eq!(
            load(&titles, "a", &loads, Some("one")).await.unwrap(),
            "one"
        );
    }
    assert_eq!(loads.load(Ordering::SeqCst), 1);
    titles.forget("a").await;
    assert_eq!(
        load(&titles, "a", &loads, Some("two")).await.unwrap(),
        "two"
    );

    // What is absent is remembered too.
    for _ in 0..3 {
        assert_eq!(load(&titles, "absent", &loads, None).await, None);
    }
    assert_eq!(loads.load(Ordering::SeqCst), 3);

    one_of_many_loads(&titles).await;
    an_old_value_does_not_come_back(&titles).await;
    readers_after_forget_join_no_older_load(&titles).await;
    readers_after_forget_see_no_older_version(&cache).await;
    an_error_is_for_all_who_wait_and_is_not_kept(&titles).await;
    an_entry_ends(&cache).await;
    conformance::check(cache.leases()).await.unwrap();
    running.stop().await;
}

async fn one_of_many_loads(titles: &Entries<String>) {
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

async fn an_old_value_does_not_come_back(titles: &Entries<String>) {
    let (begun, has_begun) = oneshot::channel::<()>();
    let (release, released) = oneshot::channel::<()>();
    let slow = titles.get_or_load("race", || async move {
        let _ = begun.send(());
        let _ = released.await;
        Ok(Some("old".to_owned()))
    });
    let change = async {
        has_begun.await.unwrap();
        titles.forget("race").await;
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

async fn readers_after_forget_join_no_older_load(titles: &Entries<String>) {
    let (begun, has_begun) = oneshot::channel::<()>();
    let (release, released) = oneshot::channel::<()>();
    let older = titles.get_or_load("joined", || async move {
        let _ = begun.send(());
        let _ = released.await;
        Ok(Some("old".to_owned()))
    });
    let change = async {
        has_begun.await.unwrap();
        titles.forget("joined").await;
        let later = titles.get_or_load("joined", || async { Ok(Some("new".to_owned())) });
        let later = tokio::time::timeout(PATIENCE, later).await;
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
/// version from before the last `forget` that returned before it started.
async fn readers_after_forget_see_no_older_version(cache: &Cache) {
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
                    versions.forget(&key).await;
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
                assert!(begun.elapsed() < PATIENCE, "a reader got no answer");
                gates.lock().unwrap().clear();
            }
        }
    }
}

async fn an_error_is_for_all_who_wait_and_is_not_kept(titles: &Entries<String>) {
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

async fn an_entry_ends(cache: &Cache) {
    let config = EntryConfig {
        keep: Timeout::from_millis(300),
        ..EntryConfig::default()
    };
    let brief = cache.entries::<String>("brief", config);
    let loads = Arc::new(AtomicU32::new(0));
    load(&brief, "a", &loads, Some("one")).await;
    let began = Instant::now();
    while load(&brief, "a", &loads, Some("two")).await.unwrap() == "one" {
        assert!(began.elapsed() < PATIENCE);
        tokio::task::yield_now().await;
    }
    assert_eq!(loads.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_cache_in_memory_keeps_every_promise_data_5() {
    keeps_every_promise("memory:").await;
}

#[tokio::test]
async fn a_cache_in_redis_keeps_every_promise_data_5() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let server = RedisServer::start(program).unwrap();
    keeps_every_promise(&server.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_callers_go_to_the_source_and_readiness_says_degraded_data_5_life_7() {
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
    until(admin, |body| body.contains("degraded")).await;
    assert_eq!(get(admin, "/readyz").unwrap().status, 200);
    assert!(
        get(admin, "/metrics")
            .unwrap()
            .body
            .contains("cache_errors_total{")
    );
    server.restart().unwrap();
    until(admin, |body| !body.contains("degraded")).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_does_not_answer_soon_costs_nothing_data_5() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let server = RedisServer::start(program).unwrap();
    let (running, cache) = service(&server.url()).await;
    let titles = entries(&cache);
    let loads = Arc::new(AtomicU32::new(0));
    load(&titles, "a", &loads, Some("one")).await;
    server.freeze();
    let began = Instant::now();
    for number in 0..200 {
        load(&titles, &format!("slow-{number}"), &loads, Some("source")).await;
    }
    // Without a breaker it would be at least 200 times 200 ms.
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "{:?}",
        began.elapsed()
    );
    server.resume();
    running.stop().await;
}

/// Waits until readiness says so.
async fn until(admin: std::net::SocketAddr, is_so: impl Fn(&str) -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so(&get(admin, "/readyz").unwrap().body) {
        assert!(
            Instant::now() < end,
            "{}",
            get(admin, "/readyz").unwrap().body
        );
        tokio::task::yield_now().await;
    }
}
