//! The kernel: starts, monitors and stops a service.
//!
//! The order of a start and a stop is one list, [`Phase`]. A service adds its parts to the
//! [`Assembly`] and never writes that order itself. So it does not accept traffic before its
//! database responds, and does not lose requests at a stop. It reports a missing setting instead of
//! a stack trace.
//!
//! ```no_run
//! use seaworthy_http::Routes;
//! use seaworthy_service::{Assembly, NoSettings, Service, StartError};
//!
//! fn main() -> std::process::ExitCode {
//!     Service::new("greeter", "1.0.0").main(assemble)
//! }
//!
//! async fn assemble(service: &Assembly<NoSettings>) -> Result<(), StartError> {
//!     service.http(Routes::new().get("/", async || "hello"));
//!     Ok(())
//! }
//! ```

mod admin;
mod assembly;
mod aws;
mod command;
mod component;
mod config;
mod dependency;
mod error_tracking;
mod facts;
mod health_checks;
mod kernel;
pub mod lease;
mod lifecycle;
mod listener;
mod memory_check;
mod no_settings;
pub mod platform;
pub mod preflight;
pub mod private_files;
mod reload;
mod route_limits;
mod service;
mod settings;
mod settings_check;
mod settings_reload;
mod start_error;
mod task;
mod vault;
mod worker;

pub use assembly::Assembly;
pub use clap;
pub use command::{CommandRun, Commands, Console, ServiceCommand};
pub use component::{Component, Stage};
pub use config::{
    AdminConfig, BreakerScope, FrameworkConfig, GrpcClientConfig, GrpcClientTlsConfig, GrpcConfig,
    SecretsConfig, ServerConfig,
};
pub use dependency::{ConnectConfig, ConnectError, Dependency, NotConnected, Optional};
pub use error_tracking::ErrorTrackingConfig;
pub use facts::Description;
pub use kernel::Addresses;
pub use lifecycle::{ForceReason, LifecycleConfig, Phase, StopOutcome};
pub use no_settings::NoSettings;
pub use service::{RunningService, Service};
pub use settings_check::SettingProblem;
pub use settings_reload::SettingsReload;
pub use start_error::StartError;
pub use task::{Stop, TaskPanic, Tasks};
pub use worker::{
    CronSchedule, InvalidCron, RunError, Schedule, UnknownWorker, Worker, WorkerReport, WorkerRun,
    Workers,
};

/// The example of the README, compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
