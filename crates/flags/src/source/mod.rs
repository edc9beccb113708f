//! The sources that define flags.

mod deprecated;
mod document;
mod files;
mod follow;
mod guarded;
mod layers;
mod remote;
mod start;

pub use layers::FILE_FIELDS;
pub(crate) use layers::{Layers, disable};
pub use remote::{RemoteConfig, RemoteSource};
pub use start::FlagsBuilder;
