//! Timeouts, retries, circuit breakers, bulkheads and limits as tower layers.
//!
//! A policy has three parts:
//!
//! - a state machine that does not read a clock or draw random numbers, so that simulations can
//!   test it (`docs/resilience-outage.md`),
//! - a handle with a name. Its clones share the state, so one dependency has one circuit breaker,
//! - a thin tower layer that uses the handle.
//!
//! All layers use [`CallError`]. It separates failures of the dependency, timeouts and rejections
//! by a policy, so that a rejection never counts as a failure of the dependency.
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
mod clock;
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

pub use call::{Call, CallError, CallFuture, CallLayer, Elapsed, Rejection, RejectionReason};
pub use guarded::{GuardedFuture, Permit};
pub use http::{ClassifyHttp, UNPROCESSED, is_unprocessed};
pub use outcome::{Classify, ClassifyCodes, ClassifyErrors, Outcome};
pub use threshold::{Threshold, ZeroThreshold};

/// Compiles and runs the examples of the user page.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/resilience.md")]
struct UserPage;

/// Compiles and runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
