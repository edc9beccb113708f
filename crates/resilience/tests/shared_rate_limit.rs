//! The shared rate limit against a real Redis (RES-6), which `./test` provides.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what goes wrong in a test fails it"
)]

use std::{
    num::NonZeroU32,
    process::{Command, Stdio},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use seaworthy_core::{Actor, Timeout};
use seaworthy_redis::{Redis, RedisConfig, redis};
use seaworthy_resilience::{
    RejectionReason,
    policies::{Resilience, ResilienceConfig},
    rate_limit::{
        OnStoreFailure, RateLimitConfig, RateLimitKey, RateLimitRedisConfig, RateLimitsConfig,
        shared::{
            LeasedRateLimitConfig, LeasedRateLimiter, RateLimitStore, SharedRateLimitConfig,
            SharedRateLimiter,
        },
    },
};
use seaworthy_telemetry::metrics::{Format, Metrics};
use seaworthy_testkit::{
    redis::{RedisCluster, RedisSentinel, RedisServer},
    requirement::required,
};

/// In a child process: where Redis listens. The child then sends requests and prints how many were
/// allowed.
const CHILD_URL: &str = "SEAWORTHY_TEST_RATE_LIMIT_CHILD";
/// In a child process: the number of units that it borrows. 0 calls Redis for each request.
const CHILD_LEASE: &str = "SEAWORTHY_TEST_RATE_LIMIT_LEASE";
/// In a child process: when all children begin, in milliseconds since 1970.
const CHILD_BEGIN: &str = "SEAWORTHY_TEST_RATE_LIMIT_BEGIN";
const PROCESSES: u32 = 8;
const SECONDS: u64 = 5;

fn redis() -> Option<RedisServer> {
    let program = required("SEAWORTHY_TEST_REDIS_SERVER")?;
    Some(RedisServer::start(program).unwrap())
}

fn config(requests: u32, on_failure: OnStoreFailure) -> SharedRateLimitConfig {
    SharedRateLimitConfig {
        limit: RateLimitConfig {
            requests: NonZeroU32::new(requests).unwrap(),
            window: Timeout::from_secs(1),
            ..RateLimitConfig::default()
        },
        on_failure,
        ..SharedRateLimitConfig::default()
    }
}

fn store(url: &str) -> RateLimitStore {
    let config = RedisConfig {
        url: url.parse().unwrap(),
        timeout: Timeout::from_secs(5),
        ..RedisConfig::default()
    };
    RateLimitStore::new(Redis::new(&config).unwrap())
}

/// Five requests a minute, and time for servers that have just started.
fn patient() -> SharedRateLimitConfig {
    let mut config = config(5, OnStoreFailure::Closed);
    config.limit.window = Timeout::from_secs(60);
    config.timeout = Timeout::from_secs(5);
    config
}

fn limiter(server: &RedisServer, requests: u32, on_failure: OnStoreFailure) -> SharedRateLimiter {
    let config = config(requests, on_failure);
    SharedRateLimiter::new("api", &config, store(&server.url()), &Metrics::new())
}

fn ada() -> RateLimitKey {
    key("ada")
}

fn key(user: &str) -> RateLimitKey {
    RateLimitKey::Actor(Actor::new(user))
}

/// The program of one of many processes, not a test of its own.
#[tokio::test]
async fn child() {
    let Ok(url) = std::env::var(CHILD_URL) else {
        return;
    };
    let units: u32 = std::env::var(CHILD_LEASE).unwrap().parse().unwrap();
    let metrics = Metrics::new();
    let leased = NonZeroU32::new(units).map(|units| {
        let config = config(10_000, OnStoreFailure::Closed);
        LeasedRateLimiter::new(
            "api",
            &config,
            &LeasedRateLimitConfig { units },
            store(&url),
            &metrics,
        )
    });
    let shared = SharedRateLimiter::new(
        "api",
        &config(100, OnStoreFailure::Closed),
        store(&url),
        &metrics,
    );
    let begin: u64 = std::env::var(CHILD_BEGIN).unwrap().parse().unwrap();
    let begin = UNIX_EPOCH + Duration::from_millis(begin);
    tokio::time::sleep(begin.duration_since(SystemTime::now()).unwrap_or_default()).await;
    let (end, mut allowed) = (begin + Duration::from_secs(SECONDS), 0_u32);
    while SystemTime::now() < end {
        let admitted = match &leased {
            Some(leased) => leased.admit(&ada()).await,
            None => shared.admit(&ada()).await,
        };
        match admitted {
            Ok(_) => allowed += 1,
            Err(rejection) => {
                let wait = rejection.retry_after().unwrap_or_default();
                tokio::time::sleep(wait.max(Duration::from_micros(200))).await;
            }
        }
    }
    println!("ALLOWED {allowed} ");
}

/// How many requests eight processes were allowed in five seconds, over five times the limit.
fn rate_of_eight_processes(server: &RedisServer, lease: u32, limit: f64) -> f64 {
    let begin = SystemTime::now() + Duration::from_secs(1);
    let begin = begin.duration_since(UNIX_EPOCH).unwrap().as_millis();
    let children: Vec<_> = (0..PROCESSES)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "child", "--nocapture"])
                .env(CHILD_URL, server.url())
                .env(CHILD_LEASE, lease.to_string())
                .env(CHILD_BEGIN, begin.to_string())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let mut allowed = 0.0;
    for child in children {
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (_, line) = text.split_once("ALLOWED ").expect("the child has printed");
        allowed += line.split(' ').next().unwrap().parse::<f64>().unwrap();
    }
    allowed / (limit * SECONDS as f64)
}

#[test]
fn eight_processes_on_one_redis_get_the_limit_in_all_res_6() {
    let Some(server) = redis() else { return };
    let share = rate_of_eight_processes(&server, 0, 100.0);
    assert!((0.98..=1.02).contains(&share), "{share}");
}

#[test]
fn eight_processes_that_borrow_stay_within_five_percent_res_6() {
    let Some(server) = redis() else { return };
    let share = rate_of_eight_processes(&server, 50, 10_000.0);
    assert!((0.5..=1.05).contains(&share), "{share}");
}

#[tokio::test]
async fn burst_in_redis_limits_requests_at_once_res_6() {
    let Some(server) = redis() else { return };
    let mut config = patient();
    config.limit.requests = NonZeroU32::new(120).unwrap();
    config.limit.burst = NonZeroU32::new(3);
    let limiter = || SharedRateLimiter::new("api", &config, store(&server.url()), &Metrics::new());
    let (first, second) = (limiter(), limiter());
    let key = ada();
    for (limiter, remaining) in [(&first, 2), (&second, 1), (&first, 0)] {
        assert_eq!(limiter.admit(&key).await.unwrap().remaining, remaining);
    }
    let rejected = second.admit(&key).await.unwrap_err();
    assert_eq!(rejected.reason(), RejectionReason::RateLimited);
    // One request each half second.
    let wait = rejected.retry_after().unwrap();
    assert!(wait <= Duration::from_millis(500), "{wait:?}");
    tokio::time::sleep(wait).await;
    assert_eq!(second.admit(&key).await.unwrap().remaining, 0);
    // Another key has its own burst.
    assert!(first.admit(&self::key("eve")).await.is_ok());
}

#[tokio::test]
async fn long_run_allows_exact_rate_and_removes_keys_res_6() {
    let Some(server) = redis() else { return };
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
async fn each_policy_holds_while_redis_is_killed_frozen_and_back_res_6() {
    let Some(mut server) = redis() else { return };
    let all = [
        OnStoreFailure::Closed,
        OnStoreFailure::Open,
        OnStoreFailure::Local,
    ];
    for policy in all {
        let metrics = Metrics::new();
        let config = config(50, policy);
        let limiter = SharedRateLimiter::new("api", &config, store(&server.url()), &metrics);
        limiter.admit(&ada()).await.unwrap();
        for trouble in ["killed", "frozen"] {
            match trouble {
                "killed" => server.kill(),
                _ => server.freeze(),
            }
            let mut allowed = 0;
            let mut slowest = Duration::ZERO;
            for _ in 0..100 {
                let began = Instant::now();
                match limiter.admit(&ada()).await {
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
            assert!(
                slowest < Duration::from_millis(500),
                "{trouble}: {slowest:?}"
            );
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
                    began.elapsed() < Duration::from_secs(10),
                    "{trouble}: not back"
                );
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            // The trials of the breaker, and a window for what was counted to be free again.
            for _ in 0..5 {
                tokio::time::sleep(Duration::from_millis(250)).await;
                let _ = limiter.admit(&ada()).await;
            }
        }
    }
}

#[tokio::test]
async fn thousand_limiter_clones_share_one_limit_res_6() {
    let Some(server) = redis() else { return };
    let mut config = config(100, OnStoreFailure::Closed);
    config.timeout = Timeout::from_secs(5);
    let store = store(&server.url());
    let limiter = SharedRateLimiter::new("api", &config, store, &Metrics::new());
    let bob = RateLimitKey::Actor(Actor::new("bob"));
    limiter.admit(&bob).await.unwrap();
    let calls = (0..1_000).map(|_| {
        let limiter = limiter.clone();
        async move { limiter.admit(&ada()).await.is_ok() }
    });
    let began = Instant::now();
    let allowed = futures::future::join_all(calls).await;
    let allowed = allowed.into_iter().filter(|allowed| *allowed).count();
    assert!(
        began.elapsed() < Duration::from_millis(900),
        "too slow to say"
    );
    assert_eq!(allowed, 100);
}

#[tokio::test]
async fn a_lease_decides_most_requests_without_redis_res_6() {
    let Some(server) = redis() else { return };
    let config = config(100_000, OnStoreFailure::Closed);
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
async fn sentinel_limit_survives_loss_of_master_res_6() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let mut servers = RedisSentinel::start(program).unwrap();
    let config = patient();
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
async fn the_first_answer_after_an_outage_opens_the_store_to_all_res_6() {
    let Some(mut server) = redis() else { return };
    let config = patient();
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

#[tokio::test]
async fn cluster_limits_each_key_in_any_slot_res_6() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let servers = RedisCluster::start(program).unwrap();
    let config = patient();
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
    let Some(server) = redis() else { return };
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
