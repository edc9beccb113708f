//! Accounts and applications of the trainers of Tutoring.
//!
//! The accounts are those of `tutoring-identity`. This crate adds the applications.
//!
//! | Module | Contents |
//! | --- | --- |
//! | `domain` | Applications, documents, review, errors |
//! | `store` | SQL statements and migrations |
//! | `applications` | Operations on applications, without a transport |
//! | `api` | HTTP routes |

mod api;
mod applications;
mod command;
mod config;
mod domain;
mod service;
mod store;

pub use config::TrainerAuthConfig;
pub use service::{assemble, main, service};
