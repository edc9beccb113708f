//! The sources that define flags.

mod document;
mod files;
mod follow;
mod guarded;
mod layers;
mod start;

pub(crate) use layers::Layers;
pub use start::FlagsBuilder;
