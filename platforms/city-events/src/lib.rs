//! All City Events services in one process, with SQLite files, an embedded broker and generated
//! secrets. One command starts the platform.
//!
//! The services are unchanged: they call each other over loopback. This crate adds a shared data
//! directory, the order of start and stop, and sample data.

mod platform;
mod program;
mod seed;

pub use platform::{Platform, PlatformOptions};
pub use program::run;
pub use seed::{SeedError, seed};
