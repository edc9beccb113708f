//! Background work (WORK-1): continuous, interval and cron workers in one registry.
//!
//! The runs of a worker never overlap, have a timeout and are retried. A worker that has not run
//! for twice its interval is unhealthy (HLTH-4). Operators can run, pause and resume a worker. At a
//! stop the current run may finish. A singleton runs on one replica at a time (WORK-2).

mod definition;
mod metrics;
mod registry;
mod runner;
mod schedule;
mod state;

pub use definition::{Worker, WorkerRun};
pub(crate) use metrics::WorkerMetrics;
pub use registry::{RunError, UnknownWorker, Workers};
pub use schedule::{CronSchedule, InvalidCron, Schedule};
pub use state::WorkerReport;

#[cfg(test)]
mod tests;
