//! The mail of City Events: what people are told, and the pages that the links in it lead to.
//!
//! `src/consumers/` takes the messages of other services and sends mail, each once; `src/letter.rs` is what the mail says; `src/api/` serves the two pages of links and asks the auth service for
//! them. Without a mail server, messages are kept in a mailbox that is shown at `/mailbox`.
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     city_events_email::main()
//! }
//! ```

mod api;
mod auth_service;
mod config;
mod consumers;
mod letter;
mod sent;
mod service;

pub use config::{EmailConfig, EmailLimitsConfig};
pub use service::{assemble, main, service};
