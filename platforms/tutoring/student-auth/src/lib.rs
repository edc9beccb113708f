//! Accounts of the students of Tutoring.
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     tutoring_student_auth::main()
//! }
//! ```

mod service;

pub use service::{assemble, main, service};
