//! Request coalescing: equal requests that run at the same time share one call and its response
//! (RES-8).
//!
//! For reads that many callers send at the same time, such as those of a cache entry that has just
//! expired. The shared future is that of the crate `futures`. The map by key is part of this
//! module. The policy is off unless a layer is added. The call runs while a caller waits for it,
//! and is dropped with the last caller. A later request never gets an older response, because a new
//! call begins after the previous one ended. Its deadline is that of the first request. Code that
//! reads the context during the call sees that of a waiting request.

mod layer;
mod service;
mod snapshot;

pub use layer::CoalesceLayer;
pub(crate) use layer::coalesced;
pub use service::{CoalesceFuture, CoalesceService, Key};
pub use snapshot::CoalesceSnapshot;

#[cfg(test)]
mod tests;
