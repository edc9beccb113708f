//! The connection to Redis that limits, caches, locks and messages share (DATA-5).
//!
//! Redis is asked in the middle of a request, so its answer is worth little time: whatever takes longer than 200 ms counts as down, connecting included, and a caller goes on
//! without it. One value, [`Redis`], speaks to a server alone, to the present master under Sentinel, or to a cluster; the URL says which. It connects when it is first used
//! and anew after every loss, and all who wait share one attempt.
//!
//! The crate `redis` implements the protocol. This crate adds a time limit on connecting and asking
//! together, and errors that never show the address. It also finds the master again after a
//! failover, even if the replaced one still answers.
//!
//! ```no_run
//! use seaworthy_redis::{Redis, RedisConfig, redis};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let config = RedisConfig { url: "redis://127.0.0.1:6379".parse()?, ..RedisConfig::default() };
//! let redis = Redis::new(&config)?;
//! let count: u64 = redis.ask(redis::cmd("INCR").arg("visits")).await?;
//! # Ok(()) }
//! ```

mod config;
mod connection;
mod error;
mod link;
mod sentinel;
mod url;

pub use config::RedisConfig;
pub use connection::Redis;
pub use error::RedisError;
pub use redis;
pub use url::{InvalidRedisUrl, RedisUrl, Topology};
