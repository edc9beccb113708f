//! Courses, purchases and delivery progress of Tutoring.
//!
//! | Module | Contents |
//! | --- | --- |
//! | `domain` | Rules without I/O: exams and questions |
//! | `store` | SQL statements and migrations |
//! | `courses` | Operations: catalogue, purchases by events, delivery progress |
//! | `api` | HTTP routes |

mod api;
mod config;
mod courses;
mod domain;
mod errors;
mod invariants;
mod service;
mod store;

pub use config::CourseConfig;
pub use invariants::INVARIANTS;
pub use service::{assemble, main, service};
