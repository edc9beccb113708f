//! What a service says about its own health, refreshed in the background and honest about its age.
//!
//! A probe must be cheap and must not lie. So no probe ever calls a dependency: checks run beside the traffic, each with its own timeout
//! ([`HealthConfig`]), and a probe reads the last results. A result older than `max_result_age` counts as *unknown*, and unknown is not ready (HLTH-3):
//! a refresher that hangs turns the service away from traffic instead of freezing its last good answer. Liveness reads nothing but the
//! process itself (HLTH-2). An optional dependency degrades the service and never takes it out (LIFE-7).
//!
//! ```
//! use seaworthy_health::{Health, HealthConfig, Probe, Readiness};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let health = Health::new(HealthConfig::default());
//! health.register(Probe::critical("orders-database", || async { Ok(()) }));
//! health.set_started();
//! assert_eq!(health.readiness(), Readiness::NotReady, "not checked yet");
//!
//! health.refresh_once().await;
//! assert_eq!(health.readiness(), Readiness::Ready);
//!
//! health.set_stopping();
//! assert_eq!(health.readiness(), Readiness::NotReady, "a stopping service takes no new work");
//! # });
//! ```

mod config;
mod health;
mod probe;
mod report;
mod result;

pub use config::HealthConfig;
pub use health::{Health, Waiting};
pub use probe::{CheckFailure, Probe};
pub use report::{CheckReport, CheckStatus, Readiness, Report};

#[cfg(test)]
mod tests;
