//! Administrators of Tutoring: accounts, roles, territories and the audit log.
//!
//! | Module | Contents |
//! | --- | --- |
//! | `domain` | Admins, roles, permissions, territories, errors |
//! | `store` | SQL statements and migrations |
//! | `accounts` | Operations on admins, without a transport |
//! | `api` | HTTP routes |

mod accounts;
mod api;
mod command;
mod config;
mod domain;
mod seed;
mod service;
mod store;

pub use config::{AdminConfig, TotpConfig};
pub use seed::{SEED_EMAIL, SEED_PASSWORD};
pub use service::{assemble, main, service};
