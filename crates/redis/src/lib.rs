//! The connection to Redis for rate limits, caches, leases and messages (DATA-5).
//!
//! Callers use Redis within requests, so a call has a short time limit, 200 ms by default, which
//! includes the connection. [`Redis`] connects to a single server, to the master under Sentinel, or
//! to a cluster, depending on the URL. It connects at the first call and reconnects after every
//! loss. Concurrent callers share one attempt.
//!
//! The crate `redis` implements the protocol. This crate adds the time limit and errors without
//! addresses. After a failover it changes to the new master, even if the replaced one still
//! responds.
//!
//! ```no_run
//! use seaworthy_redis::{Redis, RedisConfig, redis};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let config = RedisConfig { url: "redis://127.0.0.1:6379".parse()?, ..RedisConfig::default() };
//! let redis = Redis::new(&config)?;
//! let count: u64 = redis.request(redis::cmd("INCR").arg("visits")).await?;
//! # Ok(()) }
//! ```

mod config;
mod connection;
mod connector;
mod error;
mod sentinel;
mod url;

pub use config::RedisConfig;
pub use connection::Redis;
pub use error::RedisError;
pub use redis;
pub use url::{InvalidRedisUrl, RedisUrl, Topology};
