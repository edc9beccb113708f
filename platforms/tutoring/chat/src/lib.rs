//! Conversations of students, trainers and administrators of Tutoring, and doubts of students.
//!
//! | Module | Contents |
//! | --- | --- |
//! | `domain` | Rules: texts, contact data, cursors, attachments |
//! | `chat` | Operations: send, read, delete, sign uploads, consume events |
//! | `doubts` | Operations: ask, reply, change the state, reassign |
//! | `store` | SQL statements and migrations |
//! | `api` | HTTP routes |

mod api;
mod chat;
mod config;
mod domain;
mod doubts;
mod errors;
mod service;
mod store;

pub use config::ChatConfig;
pub use service::{assemble, main, service};
