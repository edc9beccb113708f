//! The kernel: a service that starts, tells and stops right.
//!
//! Most outages of healthy code are made here: a process that accepts traffic before its database answers, drops requests when it is told to go, dies of a missing
//! variable with a stack trace, or lives on with a task that ended an hour ago. So the order of a start and a stop is one list ([`Phase`]), walked by one piece of
//! code; a service hands over what it is made of ([`Assembly`]) and never writes that order itself.
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
mod command;
mod component;
mod config;
mod dependency;
mod kernel;
pub mod lease;
mod lifecycle;
mod listener;
mod no_settings;
pub mod preflight;
pub mod private_files;
mod reload;
mod service;
mod settings;
mod start_error;
mod task;
mod vault;
mod watch;
mod worker;

pub use assembly::Assembly;
pub use clap;
pub use command::{CommandRun, Commands, Console, ServiceCommand};
pub use component::{Component, Stage};
pub use config::{
    AdminConfig, BreakerPer, FrameworkConfig, GrpcClientConfig, GrpcClientTlsConfig, GrpcConfig,
    PublicHttpConfig, SecretsConfig, ServerConfig,
};
pub use dependency::{ConnectConfig, ConnectError, Dependency, NotConnected, Optional};
pub use kernel::Addresses;
pub use lifecycle::{ForcedBy, LifecycleConfig, Phase, StopOutcome};
pub use no_settings::NoSettings;
pub use service::{RunningService, Service};
pub use start_error::StartError;
pub use task::{Stop, TaskPanic, Tasks};
pub use worker::{
    CannotRun, CronSchedule, InvalidCron, Schedule, UnknownWorker, Worker, WorkerReport, WorkerRun,
    Workers,
};
