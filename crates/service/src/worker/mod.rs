//! Background work (WORK-1): continuous, interval and cron workers in one registry.
//!
//! A worker never overlaps itself, has a timeout, is retried, is checked by health (one that has not run for twice its interval is unhealthy, HLTH-4),
//! and can be run now, paused and resumed while the service runs. At stop no new run begins and the present one may finish. A singleton
//! runs on one replica at a time (WORK-2).

mod definition;
mod metrics;
mod registry;
mod runner;
mod schedule;
mod state;

pub use definition::{Worker, WorkerRun};
pub(crate) use metrics::WorkerMetrics;
pub use registry::{CannotRun, UnknownWorker, Workers};
pub use schedule::{CronSchedule, InvalidCron, Schedule};
pub use state::WorkerReport;

#[cfg(test)]
mod tests;
