//! A cache that fails safe (DATA-5), in the memory of the process or in Redis, and leases in Redis.
//!
//! A cache saves work; it must never add a way to fail. So a Redis that is down or slow is asked for 200 ms at most, soon not at all (a breaker), and every caller goes to the source
//! instead. Four faults that caches usually bring are closed here:
//!
//! - *A stampede*: of all callers in a process that miss the same key at once, one goes to the source and the others get its answer.
//! - *A stale entry for ever*: who misses gets a token, and an entry is only written while its token stands. A change in between takes the token away
//!   (R. Nishtala and others, "Scaling Memcache at Facebook", 2013, section 3.2.1), so an old value never overwrites the news of a new one.
//! - *Entries that end together*: each ends up to a tenth earlier, at random.
//! - *Asking again and again for what is not there*: that something does not exist is remembered too, for a shorter time.
//!
//! ```
//! use seaworthy_cache::{Cache, CacheConfig, EntryConfig};
//! use seaworthy_core::Error;
//! use seaworthy_service::{Assembly, NoSettings, StartError};
//!
//! async fn assemble(service: &Assembly<NoSettings>) -> Result<(), StartError> {
//!     let cache = Cache::connect(service, "cache", &CacheConfig::default())?;
//!     let titles = cache.entries::<String>("title", EntryConfig::default());
//!     let title = titles.get_or_load("event-7", || async { Ok(Some("Concert".to_owned())) }).await?;
//!     assert_eq!(title.unwrap().as_str(), "Concert");
//!     // After the event has changed:
//!     titles.forget("event-7").await;
//!     Ok(())
//! }
//! ```

mod cache;
mod config;
mod entries;
mod flight;
#[cfg(feature = "idempotency")]
mod idempotency;
mod leases;
mod observe;
mod store;
mod url;

pub use cache::Cache;
pub use config::{CacheConfig, EntryConfig};
pub use entries::Entries;
#[cfg(feature = "idempotency")]
pub use idempotency::RedisStore;
pub use leases::RedisLeases;
pub use url::{CacheUrl, InvalidCacheUrl};
