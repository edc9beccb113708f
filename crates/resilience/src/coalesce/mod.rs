//! Request coalescing: equal requests that run at the same time are one call, whose answer all of
//! them get (RES-8).
//!
//! For reads that many ask at once, such as a cache entry that has just expired. The shared future
//! is that of `futures`; ours is the map by key. Off unless a layer is put in place. The call runs
//! while a caller waits for it, and is dropped with the last caller. A later request never gets an
//! older answer: when a call has ended, the next one is made anew. Its deadline is that of the
//! request that came first; whatever looks at the context while the call runs sees that of a
//! request which waits for it.

mod layer;
mod service;
mod snapshot;

pub use layer::CoalesceLayer;
pub(crate) use layer::coalesced;
pub use service::{CoalesceFuture, CoalesceService, Key};
pub use snapshot::CoalesceSnapshot;

#[cfg(test)]
mod tests;
