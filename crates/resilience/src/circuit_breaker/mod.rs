//! Circuit breaker: rejects calls to a failing dependency and detects its recovery (RES-1).
//!
//! Existing crates do not suffice. A breaker by rate with a high minimum of calls never opens for
//! an endpoint with few calls. One by consecutive failures opens for random failures if a tenth
//! of the calls fail. One with a fixed open time rejects calls to a healthy dependency.
//!
//! - *Consecutive failures.* It opens after a run of failures (5) that is not random. With a
//!   baseline `p` of failures, a run of `n` counts only if `p^n` is below 1e-9. That is 5 for a
//!   healthy dependency, and 18 for one that always fails 30 % of its calls.
//! - *Rate.* It opens if the rate of failures or slow calls in a sliding window exceeds a threshold
//!   with statistical evidence. The evidence is the lower bound of the Wilson score interval (E. B.
//!   Wilson, 1927).
//! - *Stall.* It opens if as many calls as make a run are pending, and none has succeeded since
//!   the first of them began. Each of them must have waited for ten times the slowest recent
//!   response. The minimum wait is a quarter of `slow_call_duration`, and the maximum is
//!   `slow_call_duration`.
//! - *Probes.* While it is open, one call per probe interval is admitted. The first success leads
//!   to half-open, and `half_open_calls` successes close it.
//! - *Refused connections.* The last failure may be a refused connection, or the rejection of a
//!   service that is starting. The breaker then probes every 250 ms and closes with the first
//!   success.
//! - *Adaptive mode.* Instead of opening, it rejects a share of the calls, so that at most
//!   `multiplier` times as many are sent as succeed. This is the client-side throttling of "Site
//!   Reliability Engineering" (2016), chapter 21.
//!
//! An outcome from before a change of the state does not count. With [`DeferredReport`], the
//! breaker also observes the body of a response.

mod admission;
mod atomic_state;
mod baseline;
mod config;
mod deferred_report;
mod evaluate;
mod handle;
mod layer;
mod machine;
mod metrics;
mod service;
mod snapshot;
mod stall;
mod state;
mod throttle;
mod ticket;
mod trips;
mod window;

pub use admission::Admission;
pub use config::{BreakerMode, CircuitBreakerConfig};
pub use deferred_report::DeferredReport;
pub use handle::CircuitBreaker;
pub use layer::CircuitBreakerLayer;
pub use service::CircuitBreakerService;
pub use snapshot::{BreakerState, CircuitBreakerSnapshot, Held, Hold, Trip, TripReason};

#[cfg(test)]
mod tests;
