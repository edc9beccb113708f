//! Text with places: files, languages, locations.

mod file;
mod language;
mod location;
pub(crate) mod printable;

pub use file::SourceFile;
pub use language::Language;
pub use location::{Located, Location};
