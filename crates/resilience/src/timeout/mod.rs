//! A bound on how long a call may take (RES-3), and the deadline of the request it belongs to
//! (LIFE-6).
//!
//! Own code instead of `tower::timeout`: that one boxes its error, arms a timer for every call even
//! when the answer is there at once, and knows no deadline. Here the timer is armed when the call
//! first has to wait, so a call that does not wait pays for none.

mod deadline;
mod expiry;
mod future;
mod gate;
mod layer;
mod reloadable;
mod service;

pub(crate) use deadline::time_left;
pub use deadline::{Deadline, DeadlineFuture, DeadlineLayer};
pub use future::TimeoutFuture;
pub use gate::{Gate, Pass};
pub use layer::TimeoutLayer;
pub use reloadable::ReloadableTimeout;
pub use service::TimeoutService;

#[cfg(test)]
mod tests;
