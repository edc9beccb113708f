//! The media worker of City Events: pictures of users and events in their sizes.
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     city_events_media_worker::main()
//! }
//! ```

mod config;
mod legacy;
mod pictures;
mod service;

pub use config::MediaWorkerConfig;
pub use service::{assemble, main, service};
