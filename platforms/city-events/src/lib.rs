//! City Events in one process: every service as it is, on SQLite files, an embedded broker and secrets of its own making, so that a newcomer needs one command.
//!
//! The services know nothing of each other's presence: they talk over loopback as they would between machines. What is only here is the folder that they share, the
//! order in which they start and stop, and a small set of events to look at.
//!
//! ```no_run
//! # async fn run() -> Result<(), seaworthy::prelude::StartError> {
//! use city_events::{Folder, Platform, PlatformOptions};
//!
//! let folder = Folder::open("data/city-events")?;
//! let platform = Platform::start(&folder, &PlatformOptions::default()).await?;
//! platform.stop().await;
//! # Ok(())
//! # }
//! ```

mod arguments;
mod folder;
mod platform;
mod program;
mod seed;

pub use arguments::Arguments;
pub use folder::Folder;
pub use platform::{Platform, PlatformOptions};
pub use program::run;
pub use seed::{SeedError, seed};
