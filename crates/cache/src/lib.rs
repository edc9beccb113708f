//! A cache that fails safe (DATA-5), in the memory of the process or in Redis, and leases in Redis.
//!
//! A cache reduces work, and must not add failures. A call to Redis takes at most 200 ms. A circuit
//! breaker stops calls to a Redis that is down, and every caller then reads from the source. The
//! cache also prevents four typical faults:
//!
//! - *Stampede*: of all concurrent callers in a process that miss the same key, one reads from the
//!   source and the others share its result.
//! - *Stale entries*: a miss gets a token, and an entry is only stored while its token is valid. An
//!   invalidation removes the token (R. Nishtala and others, "Scaling Memcache at Facebook", 2013,
//!   section 3.2.1), so an old value never replaces a new one.
//! - *Simultaneous expiry*: each entry expires up to a tenth of its TTL earlier, at random.
//! - *Repeated loads of missing entities*: the cache also stores that an entity does not exist, for
//!   a shorter time.
//!
//! ```
//! use seaworthy_cache::{Cache, CacheConfig, EntryConfig};
//! use seaworthy_core::Error;
//! use seaworthy_service::{Assembly, NoSettings, StartError};
//!
//! async fn assemble(service: &Assembly<NoSettings>) -> Result<(), StartError> {
//!     let cache = Cache::connect(service, "cache", &CacheConfig::default())?;
//!     let titles = cache.entries::<String>("title", EntryConfig::default());
//!     let load = || async { Ok(Some("Concert".to_owned())) };
//!     let title = titles.get_or_load("event-7", load).await?;
//!     assert_eq!(title.unwrap().as_str(), "Concert");
//!     // After the event has changed:
//!     titles.invalidate("event-7").await;
//!     Ok(())
//! }
//! ```

mod cache;
mod config;
mod entries;
#[cfg(feature = "idempotency")]
mod idempotency;
mod leases;
mod metrics;
mod single_flight;
mod store;
mod url;

pub use cache::Cache;
pub use config::{CacheConfig, EntryConfig};
pub use entries::Entries;
#[cfg(feature = "idempotency")]
pub use idempotency::RedisStore;
pub use leases::RedisLeases;
pub use url::{CacheUrl, InvalidCacheUrl};
