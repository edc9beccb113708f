//! Health checks and readiness of a service.
//!
//! Checks run in the background, each with a timeout ([`HealthConfig`]). Probe endpoints return the
//! last results and never call a dependency. A result older than `max_result_age` is *unknown*, and
//! unknown is not ready (HLTH-3). Liveness depends on no check (HLTH-2). A failed optional check
//! degrades the service and does not make it unready (LIFE-7).
//!
//! ```
//! use seaworthy_health::{Health, HealthConfig, Probe, Readiness};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let health = Health::new(HealthConfig::default());
//! health.register(Probe::critical("orders-database", || async { Ok(()) }));
//! health.set_started();
//! assert_eq!(health.readiness(), Readiness::NotReady, "no check has run");
//!
//! health.refresh_once().await;
//! assert_eq!(health.readiness(), Readiness::Ready);
//!
//! health.set_stopping();
//! assert_eq!(health.readiness(), Readiness::NotReady, "a stopping service is not ready");
//! # });
//! ```

mod check;
mod config;
mod health;
mod probe;
mod report;

pub use config::HealthConfig;
pub use health::{Health, WaitGuard};
pub use probe::{CheckFailure, Probe};
pub use report::{CheckReport, CheckStatus, Readiness, Report};

#[cfg(test)]
mod tests;

/// Compiles and runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
