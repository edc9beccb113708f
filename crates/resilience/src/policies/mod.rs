//! All policies of a dependency from its configuration, in the one order that is documented.
//!
//! ```text
//! deadline( retry( bulkhead( breaker( timeout( call ) ) ) ) )
//! ```
//!
//! - The *deadline* is outermost: it bounds the call with all its attempts and waits.
//! - *Retry* is around the breaker, so that every attempt asks it and an open breaker ends the retrying.
//! - The *bulkhead* holds a place for each attempt and not during the wait between two.
//! - The *breaker* judges single attempts, and sees a timeout as the failure that it is.
//! - The *timeout* is innermost: it bounds one attempt.

mod config;
mod limits;
mod pipeline;
mod resilience;

pub use config::{PoliciesConfig, ResilienceConfig};
pub use limits::LimitsSnapshot;
pub use pipeline::{Pipeline, PipelineLayer};
pub use resilience::{Policies, PoliciesSnapshot, Resilience};

#[cfg(test)]
mod tests;
