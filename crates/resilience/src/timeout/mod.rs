//! The timeout of a call (RES-3), and the deadline of its request (LIFE-6).
//!
//! `tower::timeout` boxes its error, starts a timer for every call and has no deadline. This layer
//! starts the timer when the call first waits, so a call that does not wait needs no timer.

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
