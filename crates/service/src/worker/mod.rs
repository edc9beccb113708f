//! Background work (WORK-1): continuous, interval and cron workers in one registry.
//!
//! A worker never overlaps itself, has a timeout, is retried, is checked by health (one that has not run for twice its interval is unhealthy, HLTH-4),
//! and can be run now, paused and resumed while the service runs. At stop no new run begins and the present one may finish.

mod metrics;
mod registry;
mod runner;
mod schedule;
mod state;
mod worker;

pub use registry::{UnknownWorker, Workers};
pub(crate) use metrics::WorkerMetrics;
pub use schedule::{CronSchedule, InvalidCron, Schedule};
pub use state::WorkerReport;
pub use worker::{Worker, WorkerRun};

#[cfg(test)]
mod tests;
