//! The requests that a limit allows, and its keys and connections.

use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

use seaworthy_core::Timeout;
use seaworthy_redis::redis;
use seaworthy_resilience::{
    RejectionReason,
    policies::{Resilience, ResilienceConfig},
    rate_limit::{
        OnStoreFailure, RateLimitRedisConfig, RateLimitsConfig,
        shared::{LeasedRateLimitConfig, LeasedRateLimiter, SharedRateLimiter},
    },
};
use seaworthy_telemetry::metrics::Metrics;
use seaworthy_testkit::{
    redis::{RedisCluster, RedisServer},
    requirement::required,
};

use super::{ada, config, key, slow_start_config, start_redis, store};

fn limiter(server: &RedisServer, requests: u32, on_failure: OnStoreFailure) -> SharedRateLimiter {
    let config = config(requests, on_failure);
    SharedRateLimiter::new("api", &config, store(&server.url()), &Metrics::new())
}

#[tokio::test]
async fn burst_in_redis_limits_requests_at_once_res_6() {
    let Some(server) = start_redis() else { return };
    let mut config = slow_start_config();
    config.limit.requests = NonZeroU32::new(20).unwrap();
    config.limit.burst = NonZeroU32::new(3);
    let limiter = || SharedRateLimiter::new("api", &config, store(&server.url()), &Metrics::new());
    let (first, second) = (limiter(), limiter());
    let ada = ada();
    for (limiter, remaining) in [(&first, 2), (&second, 1), (&first, 0)] {
        assert_eq!(limiter.admit(&ada).await.unwrap().remaining, remaining);
    }
    let rejected = second.admit(&ada).await.unwrap_err();
    assert_eq!(rejected.reason(), RejectionReason::RateLimited);
    // One request each three seconds.
    let wait = rejected.retry_after().unwrap();
    assert!(wait <= Duration::from_secs(3), "{wait:?}");
    tokio::time::sleep(wait).await;
    assert_eq!(second.admit(&ada).await.unwrap().remaining, 0);
    // Another key has its own burst.
    assert!(first.admit(&key("eve")).await.is_ok());
}

#[tokio::test]
async fn long_run_allows_exact_rate_and_removes_keys_res_6() {
    let Some(server) = start_redis() else { return };
    let limiter = limiter(&server, 100, OnStoreFailure::Closed);
    let mut allowed = Vec::new();
    let began = Instant::now();
    while allowed.len() < 500 {
        let asked = began.elapsed().as_secs_f64();
        match limiter.admit(&ada()).await {
            Ok(_) => allowed.push((asked, began.elapsed().as_secs_f64())),
            Err(rejection) => {
                // On a busy machine Redis may once take too long to respond.
                assert!(matches!(
                    rejection.reason(),
                    RejectionReason::RateLimited | RejectionReason::Degraded
                ));
                let soon = Duration::from_millis(10);
                tokio::time::sleep(rejection.retry_after().unwrap_or(soon)).await;
            }
        }
    }
    // Bursts of a hundred, each a 64th of a second later than the second.
    let took = began.elapsed().as_secs_f64();
    assert!((4.0..8.0).contains(&took), "{took} s for 500");
    for tenth in 0..70 {
        let from = f64::from(tenth) / 10.0;
        // Redis counted a request between its question and its response.
        let within = |&&(asked, answered): &&(f64, f64)| asked >= from && answered < from + 0.98;
        let within = allowed.iter().filter(within).count();
        assert!(within <= 100, "{within} from {from}");
    }
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<String> = redis::cmd("KEYS")
        .arg("*")
        .query_async(&mut connection)
        .await
        .unwrap();
    assert_eq!(keys, ["rate_limit:api:actor:3:ada"]);
    let left: i64 = redis::cmd("PTTL")
        .arg(&keys[0])
        .query_async(&mut connection)
        .await
        .unwrap();
    assert!((1..=1_100).contains(&left), "{left}");
}

#[tokio::test]
async fn thousand_limiter_clones_share_one_limit_res_6() {
    let Some(server) = start_redis() else { return };
    let mut config = config(100, OnStoreFailure::Closed);
    config.timeout = Timeout::from_secs(5);
    // No further request is allowed while the test runs.
    config.limit.window = Timeout::from_secs(3_600);
    let store = store(&server.url());
    let limiter = SharedRateLimiter::new("api", &config, store, &Metrics::new());
    limiter.admit(&key("bob")).await.unwrap();
    let calls = (0..1_000).map(|_| {
        let limiter = limiter.clone();
        async move { limiter.admit(&ada()).await.is_ok() }
    });
    let allowed = futures::future::join_all(calls).await;
    let allowed = allowed.into_iter().filter(|allowed| *allowed).count();
    assert_eq!(allowed, 100);
}

#[tokio::test]
async fn lease_decides_most_requests_without_redis_res_6() {
    let Some(server) = start_redis() else { return };
    let mut config = config(100_000, OnStoreFailure::Closed);
    config.timeout = Timeout::from_secs(5);
    let lease = LeasedRateLimitConfig {
        units: NonZeroU32::new(1_000).unwrap(),
    };
    let limiter = LeasedRateLimiter::new(
        "api",
        &config,
        &lease,
        store(&server.url()),
        &Metrics::new(),
    );
    let (mut in_memory, mut asked) = (0_u32, 0_u32);
    for _ in 0..20_000 {
        match limiter.try_admit(&ada()) {
            Some(decided) => {
                decided.unwrap();
                in_memory += 1;
            }
            None => {
                limiter.admit(&ada()).await.unwrap();
                asked += 1;
            }
        }
    }
    assert!(
        in_memory > 10 * asked,
        "{in_memory} in memory, {asked} asked"
    );
}

#[tokio::test]
async fn cluster_limits_each_key_in_any_slot_res_6() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let servers = RedisCluster::start(program).unwrap();
    let config = slow_start_config();
    let limiter = SharedRateLimiter::new("api", &config, store(&servers.url()), &Metrics::new());
    // Three masters have the keys of thirty users.
    for user in 0..30 {
        let key = key(&format!("user-{user}"));
        for request in 0..8 {
            let decision = limiter.admit(&key).await;
            assert_eq!(
                decision.is_ok(),
                request < 5,
                "{user} {request}: {decision:?}"
            );
        }
    }
}

#[tokio::test]
async fn limits_of_routes_share_a_connection_res_6() {
    let Some(server) = start_redis() else { return };
    let resilience = Resilience::new(ResilienceConfig::default(), Metrics::new());
    let config = RateLimitsConfig {
        requests: NonZeroU32::MIN,
        window: Timeout::from_secs(60),
        redis: Some(RateLimitRedisConfig {
            url: server.url().parse().unwrap(),
            timeout: Timeout::from_secs(5),
            ..RateLimitRedisConfig::default()
        }),
        ..RateLimitsConfig::default()
    };
    let names = ["login", "logout", "refresh"];
    for name in names {
        let limits = resilience.rate_limits("auth", name, &config).unwrap();
        limits.count_key(&ada()).await.unwrap();
        limits.count_key(&ada()).await.unwrap_err();
    }
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let info: String = redis::cmd("INFO")
        .arg("clients")
        .query_async(&mut connection)
        .await
        .unwrap();
    // One of the limits, and this one.
    assert!(info.contains("connected_clients:2\r"), "{info}");
    let shown = resilience.limits().rate_limits;
    let shown: Vec<_> = shown.iter().map(|one| (&*one.name, one.rejected)).collect();
    assert_eq!(shown, names.map(|name| (name, 1)));
}
