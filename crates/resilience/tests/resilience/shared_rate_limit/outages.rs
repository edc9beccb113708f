//! Limits while Redis is unavailable, and after it is available again.

use std::time::{Duration, Instant};

use seaworthy_core::Timeout;
use seaworthy_resilience::{
    RejectionReason,
    rate_limit::{OnStoreFailure, shared::SharedRateLimiter},
};
use seaworthy_telemetry::metrics::{Format, Metrics};
use seaworthy_testkit::{redis::RedisSentinel, requirement::required};

use super::{ada, config, key, slow_start_config, start_redis, store};

#[tokio::test]
async fn each_policy_holds_while_redis_is_killed_frozen_and_back_res_6() {
    let Some(mut server) = start_redis() else {
        return;
    };
    let all = [
        OnStoreFailure::Closed,
        OnStoreFailure::Open,
        OnStoreFailure::Local,
    ];
    for policy in all {
        let metrics = Metrics::new();
        let mut config = config(50, policy);
        // No request is free again while the test runs on a busy machine.
        config.limit.window = Timeout::from_secs(600);
        let limiter = SharedRateLimiter::new("api", &config, store(&server.url()), &metrics);
        limiter.admit(&ada()).await.unwrap();
        for trouble in ["killed", "frozen"] {
            match trouble {
                "killed" => server.kill(),
                _ => server.freeze(),
            }
            let user = key(trouble);
            let mut allowed = 0;
            let mut slowest = Duration::ZERO;
            for _ in 0..100 {
                let began = Instant::now();
                match limiter.admit(&user).await {
                    Ok(_) => allowed += 1,
                    Err(rejection) => match policy {
                        OnStoreFailure::Closed => {
                            assert_eq!(rejection.reason(), RejectionReason::Degraded)
                        }
                        _ => assert_eq!(rejection.reason(), RejectionReason::RateLimited),
                    },
                }
                slowest = slowest.max(began.elapsed());
            }
            // The store itself waits for five seconds.
            assert!(slowest < Duration::from_secs(3), "{trouble}: {slowest:?}");
            let counted = metrics.render(Format::PrometheusText);
            let has_line = |line: &str| counted.lines().any(|known| known.starts_with(line));
            assert!(
                has_line("rate_limit_errors_total{name=\"api\"}"),
                "{counted}"
            );
            let is_zero = counted.contains("rate_limit_errors_total{name=\"api\"} 0");
            assert!(!is_zero, "{policy:?}: {counted}");
            let none_is_blocked = counted.contains("rate_limit_blocked_total{name=\"api\"} 0");
            assert!(
                policy != OnStoreFailure::Local || !none_is_blocked,
                "{counted}"
            );
            match policy {
                OnStoreFailure::Closed => assert_eq!(allowed, 0, "{trouble}"),
                OnStoreFailure::Open => assert_eq!(allowed, 100, "{trouble}"),
                OnStoreFailure::Local => {
                    assert!((50..=99).contains(&allowed), "{trouble}: {allowed}")
                }
            }
            match trouble {
                "killed" => server.restart().unwrap(),
                _ => server.resume(),
            }
            let began = Instant::now();
            let errors = || metrics.render(Format::PrometheusText);
            // The breaker lets the next probe through, and the limit is shared again.
            loop {
                let before = errors();
                let _ = limiter.admit(&ada()).await;
                let same = |text: &str| {
                    text.lines()
                        .find(|line| line.starts_with("rate_limit_errors_total{"))
                        .map(str::to_owned)
                };
                if same(&before) == same(&errors()) {
                    break;
                }
                assert!(
                    began.elapsed() < Duration::from_secs(60),
                    "{trouble}: not back"
                );
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            // The trials of the breaker.
            for _ in 0..5 {
                tokio::time::sleep(Duration::from_millis(250)).await;
                let _ = limiter.admit(&ada()).await;
            }
        }
    }
}

#[tokio::test]
async fn sentinel_limit_survives_loss_of_master_res_6() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let mut servers = RedisSentinel::start(program).unwrap();
    let config = slow_start_config();
    let limiter = SharedRateLimiter::new("api", &config, store(&servers.url()), &Metrics::new());
    assert!(limiter.admit(&ada()).await.is_ok());
    servers.kill_master();
    let by = limiter.admit(&ada()).await.unwrap_err().reason();
    assert_eq!(by, RejectionReason::Degraded);
    let end = Instant::now() + Duration::from_secs(60);
    while let Err(rejection) = limiter.admit(&ada()).await {
        assert!(Instant::now() < end, "{rejection}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(burst(&limiter, "grace").await, (5, 45));
    for request in 0..8 {
        let decision = limiter.admit(&key("edith")).await;
        assert_eq!(decision.is_ok(), request < 5, "{request}: {decision:?}");
    }
}

/// Returns how many of fifty concurrent requests are allowed, and how many the limit rejects. None
/// is rejected because of the store.
async fn burst(limiter: &SharedRateLimiter, user: &str) -> (usize, usize) {
    let user = key(user);
    let decisions = futures::future::join_all((0..50).map(|_| limiter.admit(&user))).await;
    let allowed = decisions.iter().filter(|decision| decision.is_ok()).count();
    let rejections = decisions
        .iter()
        .filter_map(|decision| decision.as_ref().err());
    let limited = rejections.filter(|rejection| rejection.reason() == RejectionReason::RateLimited);
    (allowed, limited.count())
}

#[tokio::test]
async fn first_response_after_an_outage_serves_all_callers_res_6() {
    let Some(mut server) = start_redis() else {
        return;
    };
    let config = slow_start_config();
    let limiter = SharedRateLimiter::new("api", &config, store(&server.url()), &Metrics::new());
    server.kill();
    for _ in 0..6 {
        let rejection = limiter.admit(&ada()).await.unwrap_err();
        assert_eq!(rejection.reason(), RejectionReason::Degraded);
    }
    server.restart().unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    while let Err(rejection) = limiter.admit(&ada()).await {
        assert!(Instant::now() < end, "{rejection}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(burst(&limiter, "grace").await, (5, 45));
}
