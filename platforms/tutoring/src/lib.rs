//! The services of Tutoring in one process, with SQLite files, an embedded broker and generated
//! secrets.

mod page;
mod platform;
mod program;
mod seed;

pub use platform::{Platform, PlatformOptions};
pub use program::run;
