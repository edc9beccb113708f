//! Measures a decision of the shared rate limit on loopback. It measures the script at 1,000
//! requests per second, and the leased mode in memory.
//!
//! ```text
//! cargo run --profile dist -p seaworthy-resilience --example shared_limiter -- /usr/bin/redis-server
//! ```

use std::{
    error::Error,
    hint::black_box,
    num::NonZeroU32,
    time::{Duration, Instant},
};

use seaworthy_core::Timeout;
use seaworthy_redis::{Redis, RedisConfig};
use seaworthy_resilience::{
    Rejection,
    rate_limit::{
        RateLimitConfig, RateLimitKey,
        shared::{
            LeasedRateLimitConfig, LeasedRateLimiter, RateLimitStore, SharedRateLimitConfig,
            SharedRateLimiter,
        },
    },
};
use seaworthy_telemetry::metrics::Metrics;
use seaworthy_testkit::redis::RedisServer;

/// Checks a second.
const RATE: u32 = 1_000;
const CHECKS: usize = 10_000;
/// Decisions of one round in memory, well below one lease.
const DECISIONS: u32 = 100_000;
const ROUNDS: u32 = 15;
/// Requests at once.
const CONCURRENCY: usize = 64;
/// Decisions by leases that are renewed.
const LEASED: u32 = 500_000;

#[tokio::main]
#[expect(
    clippy::print_stdout,
    reason = "the figures are what this command is for"
)]
async fn main() -> Result<(), Box<dyn Error>> {
    let program = std::env::args().nth(1).ok_or("name the redis-server")?;
    let server = RedisServer::start(program)?;
    let config = RedisConfig {
        url: server.url().parse()?,
        ..RedisConfig::default()
    };
    let store = || Redis::new(&config).map(RateLimitStore::new);
    let config = SharedRateLimitConfig {
        limit: RateLimitConfig {
            requests: NonZeroU32::MAX,
            window: Timeout::from_secs(60),
            ..RateLimitConfig::default()
        },
        ..SharedRateLimitConfig::default()
    };
    let key = RateLimitKey::api_key("bench");
    let limiter = SharedRateLimiter::new("api", &config, store()?, &Metrics::new());
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / RATE);
    let mut taken = Vec::with_capacity(CHECKS);
    for _ in 0..CHECKS {
        ticks.tick().await;
        let began = Instant::now();
        limiter.admit(&key).await?;
        taken.push(began.elapsed());
    }
    taken.sort_unstable();
    for (name, share) in [("p50", CHECKS / 2), ("p99", CHECKS * 99 / 100)] {
        let time = taken.get(share).copied().unwrap_or_default();
        println!("a script a request, {name} at {RATE}/s: {time:?}");
    }

    // As many calls at once as one connection serves well.
    let began = Instant::now();
    let asking = futures::future::try_join_all((0..CONCURRENCY).map(|_| async {
        for _ in 0..CHECKS / CONCURRENCY {
            limiter.admit(&key).await?;
        }
        Ok::<(), Rejection>(())
    }));
    asking.await?;
    let scripts = CHECKS as f64 / began.elapsed().as_secs_f64();
    println!("a script a request, {CONCURRENCY} at once: {scripts:.0} decisions a second");

    let lease = LeasedRateLimitConfig {
        units: NonZeroU32::new(2_000_000).ok_or("no units")?,
    };
    let leased = LeasedRateLimiter::new("leased", &config, &lease, store()?, &Metrics::new());
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        leased.admit(&key).await?;
        let began = Instant::now();
        for _ in 0..DECISIONS {
            if black_box(leased.try_admit(&key)).is_none() {
                return Err("the lease was used up".into());
            }
        }
        best = best.min(began.elapsed());
    }
    let each = best.as_secs_f64() * 1e9 / f64::from(DECISIONS);
    println!("leased, in memory: {each:.1} ns a decision");
    // Leases of a twentieth of a limit of 10,000 a second, renewed as they run out or end.
    let lease = LeasedRateLimitConfig {
        units: NonZeroU32::new(500).ok_or("no units")?,
    };
    let leased = LeasedRateLimiter::new("renewed", &config, &lease, store()?, &Metrics::new());
    let began = Instant::now();
    for _ in 0..LEASED {
        leased.admit(&key).await?;
    }
    let decisions = f64::from(LEASED) / began.elapsed().as_secs_f64();
    println!(
        "leased by 500, renewals included: {decisions:.0} decisions a second, {:.0} times as many as by scripts",
        decisions / scripts
    );
    Ok(())
}
