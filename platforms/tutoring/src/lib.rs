//! The services of Tutoring in one process, with SQLite files, an embedded broker and generated
//! secrets.
//!
//! ```no_run
//! # async fn run() -> Result<(), seaworthy::prelude::StartError> {
//! use tutoring::{Platform, PlatformOptions};
//! use seaworthy::service::platform::DataDirectory;
//!
//! let directory = DataDirectory::open("data/tutoring")?;
//! let platform = Platform::start(&directory, &PlatformOptions::default()).await?;
//! platform.stop().await;
//! # Ok(())
//! # }
//! ```

mod page;
mod platform;
mod program;
mod seed;

pub use platform::{Platform, PlatformOptions};
pub use program::run;
