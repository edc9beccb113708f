//! Retries with full jitter, a budget and `Retry-After` (RES-2).
//!
//! The delays are [`seaworthy_core::Backoff`]. `tower::retry` is not used: it does not bound
//! replayed bodies, and supports neither `Retry-After` nor deadlines.
//!
//! - Only a request that [`Replay`] keeps is retried: an idempotent or marked one. A request whose
//!   body exceeded the limit is not retried.
//! - A rejection by a policy ends the retries.
//! - `Retry-After` is obeyed up to a limit. A longer one returns the response immediately. No retry
//!   starts after the deadline of the request.
//! - The budget bounds the load of a failing dependency to 120 %, plus a few retries per second.
//!   Without it, retries keep a dependency overloaded (`tests/resilience/overload.rs`).

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
pub use replay::{Idempotent, Replay, ReplayClone, ReplayIdempotent, ReplayNever};
pub use service::RetryService;

#[cfg(test)]
mod tests;
