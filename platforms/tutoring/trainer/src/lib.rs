//! Profiles, places, availability and bank details of the trainers of Tutoring.
//!
//! | Module | Contents |
//! | --- | --- |
//! | `profile` | Profiles, availability and places, and their rules |
//! | `bank` | Bank details, encrypted in the database and masked in responses |
//! | `events` | Messages of other services, and the tables that they fill |
//! | `store` | SQL statements and migrations |
//! | `api` | HTTP routes |
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     tutoring_trainer::main()
//! }
//! ```

mod api;
mod bank;
mod config;
mod events;
mod profile;
mod service;
mod store;

pub use config::TrainerConfig;
pub use service::{assemble, main, service};
