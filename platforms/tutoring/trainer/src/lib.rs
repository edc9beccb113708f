//! Profiles, places, availability and bank details of the trainers of Tutoring.
//!
//! | Module | Contents |
//! | --- | --- |
//! | `profile` | Profiles, availability and places, and their rules |
//! | `bank` | Bank details, encrypted in the database and masked in responses |
//! | `payroll` | The pay of a month, and its rule |
//! | `recalculate` | The stored pay of months, after a message |
//! | `announce` | The message about a changed trainer |
//! | `consumers` | Messages of other services, and the tables that they fill |
//! | `store` | SQL statements and migrations |
//! | `api` | HTTP routes |

mod announce;
mod api;
mod bank;
mod config;
mod consumers;
mod payroll;
mod profile;
mod recalculate;
mod service;
mod store;

pub use config::TrainerConfig;
pub use service::{assemble, main, service};
