//! All policies of a dependency from its configuration, in the one order that is documented.
//!
//! ```text
//! limits( deadline( retry( bulkhead( breaker( timeout( call ) ) ) ) ) )
//! ```
//!
//! - The *limits*, where they are set, are outermost: the adaptive limit and the rate limit count calls and not attempts, and see every end of a call, the
//!   deadline's too. What they refuse never comes to the retries or the breaker. They share a service with the deadline, since every layer costs every call.
//! - The *deadline* bounds the call with all its attempts and waits.
//! - *Retry* is around the breaker, so that every attempt asks it and an open breaker ends the retrying.
//! - The *bulkhead* holds a place for each attempt and not during the wait between two.
//! - The *breaker* judges single attempts, and sees a timeout as the failure that it is.
//! - The *timeout* is innermost: it bounds one attempt.
//!
//! Hedging and coalescing stand around all of it, where they are set: [`Policies::hedge_layer`] and [`Policies::coalesce_layer`] make their layers, since they
//! need to know which requests may be sent twice, and which are equal.

mod config;
mod limit_gate;
mod limits;
mod outgoing;
mod pipeline;
mod resilience;

pub use config::{PoliciesConfig, ResilienceConfig};
pub use limit_gate::{LimitGate, LimitPass};
pub use limits::LimitsSnapshot;
pub use pipeline::{Pipeline, PipelineLayer};
pub use resilience::{Policies, PoliciesSnapshot, Resilience};

#[cfg(test)]
mod tests;
