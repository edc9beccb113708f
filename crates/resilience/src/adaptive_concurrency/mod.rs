//! An adaptive concurrency limit: it admits as many concurrent requests as the bottleneck can
//! serve, and the important ones first (RES-7).
//!
//! A limit on CPU use does not see a connection pool or a slow dependency, and a fixed limit is
//! wrong after the next release. All bottlenecks have one property in common: more concurrent
//! requests only make each of them slower. The rule is the gradient of Netflix's
//! `concurrency-limits` ("Performance Under Load", 2018) with a tolerated delay:
//!
//! ```text
//! limit * (base + max_queue_delay) / latency + sqrt(limit)
//! ```
//!
//! `base` is the latency without a queue. Five parts differ from the source. Simulations showed the
//! need for the first two (`docs/resilience-overload.md`):
//!
//! - While requests are rejected, a probe reduces the limit for a moment every two seconds and
//!   measures `base`. A minimum over time is too low where work varies, and a moving average rises
//!   with the queue.
//! - Each priority has its own share of the limit. A share falls step by step while a more
//!   important request is rejected, and rises slowly.
//! - A window omits a request that hung, and the limit admits one more request if none has finished
//!   for a second. Otherwise a few requests that hang would hold a low limit.
//! - Few requests in flight show nothing about the bottleneck, so the limit ignores them, as in the
//!   source. But the queue of a small bottleneck stays short, because clients abandon it, and the
//!   queue of a small overload grows slowly. So the limit also falls if responses are late and
//!   other requests are lost ([`ConcurrencyPermit::abandon`]), or if the number in flight keeps
//!   growing.
//! - Requests that wait for their client, to send its body or to read the response, count only for
//!   the maximum.
//!
//! Requests never wait for the limit. A rejected client can use another replica immediately.

mod config;
mod handle;
mod limit;
mod priority;
mod queue;
mod shares;
mod window;

pub use config::AdaptiveConcurrencyConfig;
pub use handle::{AdaptiveConcurrency, ConcurrencyPermit, ConcurrencySnapshot};
pub use priority::Priority;

#[cfg(test)]
mod tests;
