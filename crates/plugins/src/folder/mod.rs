//! The folder of plugins.

mod atomic_write;
mod read;
mod replace;
mod replace_file;
mod settings;
mod snapshot;
mod watch;

pub(crate) use read::{
    Found, is_missing_folder, read_component, read_plugin, read_text, scan, sha256_hex,
    unreadable_folder,
};
pub(crate) use replace::{disable_in_settings, replace_settings};
pub(crate) use replace_file::{replace_file, replaceable};
pub(crate) use settings::{have_same_variables, read_settings, settings_files};
pub(crate) use snapshot::{
    AppliedHashes, FilesHash, FolderSnapshot, files_hash, hashes, read_snapshot,
};
pub(crate) use watch::{POLL_INTERVAL, Watch};

/// The name of the file with the manifest.
pub(crate) const MANIFEST: &str = "plugin.toml";
/// The name of the file with the component.
pub(crate) const COMPONENT: &str = "plugin.wasm";
/// The name of the file with the signature of the manifest.
pub(crate) const SIGNATURE: &str = "plugin.sig";
