//! Hot reload (CONF-4): a new snapshot is loaded and checked beside the running one, and either replaces it whole or changes nothing.

mod difference;
mod files;
mod reloadable;
mod watcher;

pub use files::WatchError;
pub use reloadable::Reloadable;
pub use watcher::{Reloaded, Watcher};
