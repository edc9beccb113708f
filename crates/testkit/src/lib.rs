//! Fixtures for tests of services: processes, raw clients, faults and real servers.
//!
//! - [`client::TestClient`] calls routes without a socket.
//! - [`app::TestApp`] starts the binary of a service and waits until it is ready.
//! - [`process::ServiceProcess`] is the process itself, with its log lines and signals.
//!
//! ```no_run
//! use seaworthy_testkit::{http, process::{ServiceProcess, example}};
//!
//! let mut service = ServiceProcess::start(&example("trial"), &["--set", "greeted=you"], &[])?;
//! let (public, admin) = service.addresses()?;
//! service.line("\"message\":\"ready\"")?;
//! assert_eq!(http::get(public, "/")?.status, 200);
//! assert_eq!(http::get(admin, "/readyz")?.status, 200);
//! # Ok::<_, std::io::Error>(())
//! ```

pub mod alerts;
pub mod app;
pub mod authority;
pub mod browser;
pub mod cancellation;
pub mod client;
pub mod compose;
pub mod deployment;
pub mod document;
mod eventually;
pub mod external_package;
pub mod facts;
pub mod fault;
pub mod http;
pub mod log_search;
pub mod operation_log;
pub mod process;
pub mod raw;
pub mod requirement;
pub mod server;
pub mod simulation;
mod token;
pub mod totp;
pub mod unsafe_settings;
pub mod worker;

pub use eventually::{eventually, once_within};
pub use server::{
    dapr, database, exim, kafka, mariadb, nats, oidc_provider, postgres, program, prometheus,
    rabbitmq, redis, vault, versitygw,
};
pub use token::hs256_token;

/// Compiles and runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
