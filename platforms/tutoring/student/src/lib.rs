//! Profiles of the students of Tutoring, and what they see on their pages.
//!
//! | Module | Contents |
//! | --- | --- |
//! | `profile` | The profile and its rules |
//! | `consumers` | Messages of other services, and the tables that they fill |
//! | `summaries` | Unread notifications and the wallet, from other services |
//! | `store` | SQL statements and migrations |
//! | `api` | HTTP routes |

mod api;
mod config;
mod consumers;
mod pages;
mod profile;
mod rewards;
mod service;
mod store;
mod summaries;

pub use config::StudentConfig;
pub use service::{assemble, main, service};
