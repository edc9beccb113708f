//! Hot reload (CONF-4): a new snapshot is loaded and checked, and replaces the running one only if
//! it is valid.

mod difference;
mod files;
mod reloadable;
mod watcher;

pub use files::WatchError;
pub use reloadable::Reloadable;
pub use watcher::{Reloaded, Watcher};
