//! The folder of plugins.

mod atomic_write;
mod read;
mod replace;
mod seen;
mod settings;
mod watch;

pub(crate) use read::{Found, read_plugin, read_text, scan, sha256_hex, unreadable_folder};
pub(crate) use replace::{disable_in_settings, replace_settings};
pub(crate) use seen::{Applied, FilesHash, Seen, files_hash, hashes, seen};
pub(crate) use settings::{read_settings, settings_files};
pub(crate) use watch::Watch;

/// The manifest.
pub(crate) const MANIFEST: &str = "plugin.toml";
/// The component.
pub(crate) const COMPONENT: &str = "plugin.wasm";
/// The signature of the manifest.
pub(crate) const SIGNATURE: &str = "plugin.sig";
