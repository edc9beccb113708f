//! A Redis that responds too late counts as unavailable (RES-6).
#![expect(clippy::unwrap_used, reason = "what goes wrong in a test fails it")]

use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

use seaworthy_core::{Actor, Timeout};
use seaworthy_redis::{Redis, RedisConfig};
use seaworthy_resilience::{
    RejectionReason,
    rate_limit::{
        OnStoreFailure, RateLimitConfig, RateLimitKey,
        shared::{RateLimitStore, SharedRateLimitConfig, SharedRateLimiter},
    },
};
use seaworthy_telemetry::metrics::Metrics;
use seaworthy_testkit::{
    fault::{Fault, FaultProxy},
    redis::RedisServer,
    requirement::required,
};

const LIMIT: u32 = 20;
/// More than a decision may take, each way, by so much that a busy machine does not blur it.
const SLOW: Duration = Duration::from_secs(2);

fn limiter(url: &str, on_failure: OnStoreFailure) -> SharedRateLimiter {
    let redis = RedisConfig {
        url: url.parse().unwrap(),
        ..RedisConfig::default()
    };
    let config = SharedRateLimitConfig {
        limit: RateLimitConfig {
            requests: NonZeroU32::new(LIMIT).unwrap(),
            window: Timeout::from_secs(60),
            ..RateLimitConfig::default()
        },
        on_failure,
        ..SharedRateLimitConfig::default()
    };
    let store = RateLimitStore::new(Redis::new(&redis).unwrap());
    SharedRateLimiter::new("api", &config, store, &Metrics::new())
}

/// Returns the number of allowed requests, each decided within a short time.
async fn allowed(limiter: &SharedRateLimiter, key: &RateLimitKey, asked: u32) -> u32 {
    let mut allowed = 0;
    for _ in 0..asked {
        let began = Instant::now();
        if limiter.admit(key).await.is_ok() {
            allowed += 1;
        }
        assert!(began.elapsed() < SLOW, "{:?}", began.elapsed());
    }
    allowed
}

#[tokio::test]
async fn slow_redis_follows_failure_policy_res_6() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let server = RedisServer::start(program).unwrap();
    let proxy = FaultProxy::start(server.address()).await.unwrap();
    let url = server
        .url()
        .replace(&server.address().to_string(), &proxy.address().to_string());
    for policy in [
        OnStoreFailure::Closed,
        OnStoreFailure::Open,
        OnStoreFailure::Local,
    ] {
        let limiter = limiter(&url, policy);
        let key = |user: &str| RateLimitKey::Actor(Actor::new(format!("{user} {policy:?}")));
        // A little slow is not too slow: each decision is still Redis' own.
        proxy.set(Fault {
            latency: Duration::from_millis(5),
            ..Fault::none()
        });
        assert_eq!(allowed(&limiter, &key("ada"), LIMIT + 10).await, LIMIT);

        proxy.set(Fault {
            latency: SLOW,
            ..Fault::none()
        });
        let expected = match policy {
            OnStoreFailure::Closed => 0,
            OnStoreFailure::Open => LIMIT + 10,
            OnStoreFailure::Local => LIMIT,
        };
        let bob = key("bob");
        assert_eq!(
            allowed(&limiter, &bob, LIMIT + 10).await,
            expected,
            "{policy:?}"
        );
        match (policy, limiter.admit(&bob).await) {
            (OnStoreFailure::Open, answer) => assert!(answer.is_ok()),
            (OnStoreFailure::Closed, Err(rejection)) => {
                assert_eq!(rejection.reason(), RejectionReason::Degraded)
            }
            (OnStoreFailure::Local, Err(rejection)) => {
                assert_eq!(rejection.reason(), RejectionReason::RateLimited);
            }
            (_, Ok(_)) => unreachable!("{policy:?} let one more in"),
        }
        proxy.heal();
    }
}
