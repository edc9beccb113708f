//! The shared rate limit against a real Redis (RES-6), which `./test` provides.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "this is how a test fails"
)]

mod limits;
mod outages;
mod processes;

use std::num::NonZeroU32;

use seaworthy_core::{Actor, Timeout};
use seaworthy_redis::{Redis, RedisConfig};
use seaworthy_resilience::rate_limit::{
    OnStoreFailure, RateLimitConfig, RateLimitKey,
    shared::{RateLimitStore, SharedRateLimitConfig},
};
use seaworthy_testkit::{redis::RedisServer, requirement::required};

fn start_redis() -> Option<RedisServer> {
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

/// Returns a limit of five requests a minute. Its timeout is long, because servers may have just
/// started.
fn slow_start_config() -> SharedRateLimitConfig {
    let mut config = config(5, OnStoreFailure::Closed);
    config.limit.window = Timeout::from_secs(60);
    config.timeout = Timeout::from_secs(5);
    config
}

fn ada() -> RateLimitKey {
    key("ada")
}

fn key(user: &str) -> RateLimitKey {
    RateLimitKey::Actor(Actor::new(user))
}
