//! Circuit breaker: stops calling what fails, and notices soon that it is well again (RES-1).
//!
//! Own code, because none of the breakers that exist passes the outages it is for: a breaker by ratio with a floor of dozens of calls a second never opens for
//! a quiet endpoint; one by consecutive failures opens by chance when a tenth of the calls fail; one that stays open for a fixed time refuses a healthy
//! dependency for most of it. What is done here about each:
//!
//! - *Run.* It opens after a run of failures (5) that chance does not explain: with a usual share `p` of failures, a run of `n` counts only when `p^n` is
//!   below one in a thousand million. A healthy dependency opens it after 5, one that always fails 30 % of its calls after 18.
//! - *Rate.* It opens when failures, or slow calls, in a sliding window are above a share beyond chance: the lower end of the Wilson score interval
//!   (E. B. Wilson, 1927) counts, so ten calls suffice for a clear case and a few hundred for a narrow one.
//! - *Silence.* It opens when as many calls as make a run are in flight, none has succeeded since the first of them began, and each has waited for ten times as
//!   long as the slowest answer of the last while, but for a quarter of `slow_call_duration` at least and for `slow_call_duration` at most. Timeouts tell of a dependency that hangs
//!   only when they are over; this tells before, of one whose answers are usually quick.
//! - *Probe.* While open, one call in every probe interval goes through. The first that succeeds leads to half-open, and a few successes to closed.
//! - *Adaptive mode.* Instead of opening, it refuses a share of calls so that about `multiplier` times as many are sent as are accepted: the client-side
//!   throttling of "Site Reliability Engineering" (2016), chapter 21, with a call let through at least every probe interval and a decay while calls succeed.
//!
//! A call whose outcome arrives after the state changed says nothing about the new state and is not counted. Where an answer has a body, [`LateReport`] lets
//! the breaker judge the body too.

mod admission;
mod chance;
mod config;
mod fast_word;
mod handle;
mod late_report;
mod layer;
mod machine;
mod metrics;
mod service;
mod silence;
mod snapshot;
mod state;
mod throttle;
mod ticket;
mod trips;
mod verdict;
mod window;

pub use admission::Admission;
pub use config::{BreakerMode, CircuitBreakerConfig};
pub use handle::CircuitBreaker;
pub use late_report::LateReport;
pub use layer::CircuitBreakerLayer;
pub use service::CircuitBreakerService;
pub use snapshot::{BreakerState, CircuitBreakerSnapshot, Held, Hold, Trip, TripReason};

#[cfg(test)]
mod tests;
