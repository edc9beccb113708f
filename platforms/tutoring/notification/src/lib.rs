//! Notifications of Tutoring: in the application, by push and by e-mail.
//!
//! | Module | Contents |
//! | --- | --- |
//! | `domain` | Kinds of notifications, preferences, quiet hours |
//! | `notify` | Operations: store, consume events, deliver |
//! | `store` | SQL statements and migrations |
//! | `api` | HTTP routes |

mod api;
mod config;
mod domain;
mod errors;
mod notify;
mod service;
mod store;

pub use config::NotificationConfig;
pub use service::{assemble, main, service};
