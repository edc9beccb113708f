//! The folder of plugins.

mod read;
mod watch;

pub(crate) use read::{Found, config_files, read_config, read_plugin, read_text, scan, sha256_hex};
pub(crate) use watch::Watch;

/// The manifest.
pub(crate) const MANIFEST: &str = "plugin.toml";
/// The component.
pub(crate) const COMPONENT: &str = "plugin.wasm";
/// The signature of the manifest.
pub(crate) const SIGNATURE: &str = "plugin.sig";
