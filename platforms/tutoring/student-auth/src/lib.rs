//! Accounts of the students of Tutoring.

mod service;

pub use service::{assemble, main, service};
