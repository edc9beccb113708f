//! What is worth looking at, among the events of a city.
//!
//! The service asks nobody. It keeps an index of its own from what other services tell, so that a feed is there while they are away, and it may be thrown away: told
//! again, it is the same. Ranks move with the clock, so the moment at which a list was ranked is part of its cursor, and pages neither skip nor repeat.
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! fn main() -> ExitCode {
//!     city_events_feed::main()
//! }
//! ```

mod actor;
mod api;
mod config;
mod consumers;
mod cursor;
mod rank;
mod service;
mod store;

pub use config::{AnonymousConfig, FeedConfig, TrackLimitsConfig};
pub use service::{assemble, main, service};
