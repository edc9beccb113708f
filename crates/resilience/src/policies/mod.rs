//! All policies of a dependency from its configuration, in their documented order.
//!
//! ```text
//! limits( deadline( retry( bulkhead( breaker( timeout( call ) ) ) ) ) )
//! ```
//!
//! - The *limits* are outermost, if set. They count calls instead of attempts, and a call that they
//!   reject reaches neither retries nor the breaker. They share a service with the deadline for
//!   speed.
//! - The *deadline* bounds the call with all attempts and delays.
//! - *Retry* is outside of the breaker, so that the breaker admits every attempt and an open
//!   breaker ends retries.
//! - The *bulkhead* holds a permit per attempt, and none during a delay.
//! - The *breaker* records single attempts, and counts a timeout as a failure.
//! - The *timeout* is innermost and bounds one attempt.
//!
//! [`Policies::hedge_layer`] and [`Policies::coalesce_layer`] return layers for use around all of
//! them. They need code that decides which requests may be sent twice and which are equal.

mod config;
mod handle;
mod limit_gate;
mod limits;
mod outgoing;
mod pipeline;
mod resilience;

pub use config::{PoliciesConfig, ResilienceConfig};
pub use handle::{Policies, PoliciesSnapshot};
pub use limit_gate::{LimitGate, LimitPass};
pub use limits::LimitsSnapshot;
pub use pipeline::{Pipeline, PipelineLayer};
pub use resilience::Resilience;

#[cfg(test)]
mod tests;
