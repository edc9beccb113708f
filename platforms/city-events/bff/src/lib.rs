//! The one door of City Events: browsers, tests and load scripts talk to this service, and it talks to the others.
//!
//! It keeps nothing. What it adds is what no service behind it can know alone: an event page is an event, the part that the caller has in it and the name of its
//! organiser, and stays a page when two of these three are missing. `src/policy/` decides what a caller may do, `src/upstream/` asks the services within limits of
//! time, `src/api/` is the HTTP interface, and `src/web/` are the pages for people, made here so that a newcomer has nothing to build.
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! fn main() -> ExitCode {
//!     city_events_bff::main()
//! }
//! ```

mod api;
mod caller;
mod config;
mod limit;
mod listing;
mod moment;
mod policy;
mod refusal;
mod revoked;
mod service;
mod shapes;
mod upstream;
mod view;
mod web;

pub use config::{BffConfig, CallerLimitConfig};
pub use service::{assemble, main, service};
