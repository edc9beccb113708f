//! Retries that help: full jitter, a budget, the dependency's own advice, and a request that is repeated whole or not at all (RES-2).
//!
//! The waits are [`seaworthy_core::Backoff`]. The rest is own code: `tower::retry` has no bound on replay, no `Retry-After` and no deadline, and leaves it
//! to each policy to ask its budget, which takes a lock for every call. What is decided here:
//!
//! - Only a request that [`Replay`] keeps is tried again: an idempotent one, or one that its caller marked. What cannot be repeated whole (a body that grew past
//!   its bound) is not tried again; it is never sent empty.
//! - A refusal of our own ends the retrying: an open breaker is not asked three times.
//! - `Retry-After` is obeyed when it is within bounds, and otherwise the answer is given back at once; nothing waits past the request's deadline.
//! - The budget bounds what a failing dependency is sent: a fifth more than the calls themselves, and a few a second for quiet services. Without it a
//!   dependency that stumbles under load is kept down by the retries alone (see `tests/overload.rs`).

mod body;
mod budget;
mod config;
mod future;
mod handle;
mod layer;
mod replay;
mod service;

pub use body::{Record, ReplayBody};
pub use budget::{RetryBudget, RetryBudgetConfig};
pub use config::RetryConfig;
pub use future::RetryFuture;
pub use handle::{Retry, RetrySnapshot};
pub use layer::RetryLayer;
pub use replay::{Repeatable, Replay, ReplayClone, ReplayIdempotent, ReplayNever};
pub use service::RetryService;

#[cfg(test)]
mod tests;
