//! Timeouts, retries, breakers, bulkheads and limits as tower layers.
//!
//! Why it is so: every call in and out of a service passes the same few questions (may it start, how long may it take, may it be tried again), and the
//! answers depend on what was seen before. So a policy is in two parts. The first is a small state machine that reads no clock and draws no random number
//! by itself: it is simulated against outages and overloads in seconds, with a seed (see the outage table in `docs/resilience-outage.md`). The second is a
//! tower layer around it. State is shared by a named handle that is cheap to clone: one dependency has one breaker, however many clients, connections and
//! tasks use it.
//!
//! Every layer speaks [`CallError`], which keeps apart what the dependency answered, what took too long and what was refused here; a refusal of our own
//! can therefore never count as a failure of the dependency.
//!
//! ```
//! use seaworthy_resilience::{CallLayer, circuit_breaker::{CircuitBreaker, CircuitBreakerConfig, CircuitBreakerLayer}, ClassifyErrors};
//! use seaworthy_telemetry::metrics::Metrics;
//! use tower::{ServiceBuilder, ServiceExt as _, service_fn};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let breaker = CircuitBreaker::new("stock", &CircuitBreakerConfig::default(), &Metrics::new());
//! let stock = ServiceBuilder::new()
//!     .layer(CircuitBreakerLayer::new(breaker.clone(), ClassifyErrors))
//!     .layer(CallLayer)
//!     .service(service_fn(|item: u32| async move { Ok::<_, std::io::Error>(item * 2) }));
//! assert_eq!(stock.oneshot(21).await.unwrap(), 42);
//! # });
//! ```

pub mod adaptive_concurrency;
pub mod bulkhead;
mod call;
pub mod circuit_breaker;
pub mod coalesce;
mod guarded;
pub mod hedge;
mod http;
mod outcome;
pub mod policies;
pub mod rate_limit;
pub mod retry;
mod threshold;
pub mod timeout;

pub use call::{Call, CallError, CallFuture, CallLayer, Elapsed, Refusal, Refused};
pub use guarded::{GuardedFuture, Permission};
pub use http::ClassifyHttp;
pub use outcome::{Classify, ClassifyCodes, ClassifyErrors, Outcome};
pub use threshold::{Threshold, ZeroThreshold};

/// The examples of the user page, compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/resilience.md")]
struct UserPage;
