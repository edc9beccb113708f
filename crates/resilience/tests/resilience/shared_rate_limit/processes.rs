//! Processes that share one limit.

use std::{
    num::NonZeroU32,
    process::{Command, Stdio},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use seaworthy_resilience::rate_limit::{
    OnStoreFailure,
    shared::{LeasedRateLimitConfig, LeasedRateLimiter, SharedRateLimiter},
};
use seaworthy_telemetry::metrics::Metrics;
use seaworthy_testkit::redis::RedisServer;

use super::{ada, config, start_redis, store};

/// In a child process: the URL of Redis. The child sends requests, and prints the number of allowed
/// ones.
const CHILD_URL: &str = "SEAWORTHY_TEST_RATE_LIMIT_CHILD";
/// In a child process: the number of units that it borrows. 0 calls Redis for each request.
const CHILD_LEASE: &str = "SEAWORTHY_TEST_RATE_LIMIT_LEASE";
/// In a child process: the time at which all children begin, in milliseconds since 1970.
const CHILD_BEGIN: &str = "SEAWORTHY_TEST_RATE_LIMIT_BEGIN";
const PROCESSES: u32 = 8;
const SECONDS: u64 = 5;

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

/// Returns the number of requests that eight processes were allowed in five seconds, divided by
/// five times the limit.
fn rate_of_eight_processes(server: &RedisServer, lease: u32, limit: f64) -> f64 {
    let begin = SystemTime::now() + Duration::from_secs(1);
    let begin = begin.duration_since(UNIX_EPOCH).unwrap().as_millis();
    let children: Vec<_> = (0..PROCESSES)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args([
                    "--exact",
                    "shared_rate_limit::processes::child",
                    "--nocapture",
                ])
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
    let Some(server) = start_redis() else { return };
    let share = rate_of_eight_processes(&server, 0, 100.0);
    assert!((0.98..=1.02).contains(&share), "{share}");
}

#[test]
fn eight_processes_that_borrow_stay_within_five_percent_res_6() {
    let Some(server) = start_redis() else { return };
    let share = rate_of_eight_processes(&server, 50, 10_000.0);
    assert!((0.5..=1.05).contains(&share), "{share}");
}
