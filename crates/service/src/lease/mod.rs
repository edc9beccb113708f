//! Leases: a name that one replica holds at a time (WORK-2).
//!
//! A lease expires by the clock of the store when its holder crashes. A running holder renews it
//! three times before it expires, in a separate task, so a long transaction does not delay a
//! renewal.
//!
//! A slow holder, after a long pause or a network failure, cannot detect that it has lost the
//! lease. Two measures protect its work. The holder drops the work by its own clock before the
//! lease can expire in the store. Every new holder has a higher [`FencingToken`], so a store can
//! reject late writes of an earlier one (M. Kleppmann, "How to do distributed locking", 2016).
//!
//! ```
//! use std::sync::Arc;
//! use seaworthy_service::lease::{Lease, LeaseConfig, MemoryLeases};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let leases = Arc::new(MemoryLeases::default());
//! let lease = Lease::new(leases, "monthly-report", LeaseConfig::default());
//! let mut grant = lease.try_acquire().await?.expect("no other holder");
//! let report = grant.run(async { "the report" }).await?;
//! grant.release().await;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod config;
pub mod conformance;
mod grant;
mod memory;
mod renewal;
mod store;

pub use config::LeaseConfig;
pub use grant::{HeldLease, Lease, LeaseLost};
pub use memory::MemoryLeases;
pub use store::{FencingToken, LeaseError, LeaseStore};

#[cfg(test)]
mod tests;
