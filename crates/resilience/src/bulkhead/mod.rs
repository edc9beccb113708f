//! Bulkhead: limits the calls that run at once and the calls that wait, so that one slow dependency
//! cannot take the rest (RES-5).
//!
//! The places are own code and not `tokio`'s semaphore: that takes a lock whenever a place is given
//! back, which is most of what a bulkhead costs while none waits. `tower::limit::ConcurrencyLimit`
//! waits without a bound on either the time or the number of those who wait, which moves the queue
//! instead of bounding it.

mod config;
mod future;
mod handle;
mod layer;
mod places;
mod service;

pub use config::BulkheadConfig;
pub use future::BulkheadFuture;
pub use handle::{Bulkhead, BulkheadPermit, BulkheadSnapshot};
pub use layer::BulkheadLayer;
pub use service::BulkheadService;

#[cfg(test)]
mod tests;
