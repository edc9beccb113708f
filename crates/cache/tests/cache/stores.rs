//! One suite on every store, and the behavior without Redis.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::{Arc, atomic::AtomicU32},
    time::{Duration, Instant},
};

use seaworthy_config::Profile;
use seaworthy_core::Timeout;
use seaworthy_testkit::{http::get, redis::RedisServer, requirement::required};

use crate::{
    fixture::{TIMEOUT, entries, load, service, service_named},
    suite::check_suite,
};

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
        begun.elapsed() < Duration::from_secs(35),
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
