//! Bulkhead: limits the calls that run at the same time and the calls that wait. So one slow
//! dependency cannot use up all resources of the service (RES-5).
//!
//! The bulkhead has its own semaphore. [`tokio::sync::Semaphore`] takes a lock for each release.
//! While no call waits, this lock is most of the cost of a bulkhead. The layer
//! `tower::limit::ConcurrencyLimit` bounds neither the waiting time nor the number of waiting
//! calls.

mod config;
mod fair_semaphore;
mod future;
mod handle;
mod layer;
mod service;

pub use config::BulkheadConfig;
pub use future::BulkheadFuture;
pub use handle::{Bulkhead, BulkheadPermit, BulkheadSnapshot};
pub use layer::BulkheadLayer;
pub use service::BulkheadService;

#[cfg(test)]
mod tests;
