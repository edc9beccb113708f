//! The behavior of every store.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use seaworthy_cache::{Cache, Entries, EntryConfig};
use seaworthy_config::Profile;
use seaworthy_core::{Code, Error, Timeout};
use seaworthy_service::lease::conformance;
use tokio::sync::oneshot;

use crate::fixture::{TIMEOUT, entries, load, service_with};

/// Sequences of the model test, and the steps of each.
const SEQUENCES: u32 = 100;

const STEPS: u32 = 40;

pub(crate) async fn check_suite(url: &str, prefix: Option<&str>) {
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
