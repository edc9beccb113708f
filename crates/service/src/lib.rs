//! The kernel.
mod component;
mod dependency;
mod lifecycle;
pub mod preflight;
mod start_error;
mod task;
mod worker;
pub use component::{Component, Stage};
pub use dependency::{ConnectConfig, ConnectError, Dependency, NotConnected, Optional};
pub use lifecycle::{ForcedBy, LifecycleConfig, Phase, StopOutcome};
pub use start_error::StartError;
pub use task::{Stop, TaskPanic, Tasks};
pub use worker::{
    CronSchedule, InvalidCron, Schedule, UnknownWorker, Worker, WorkerReport, WorkerRun, Workers,
};
