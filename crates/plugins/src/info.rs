use std::{collections::BTreeMap, path::PathBuf};

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::manifest::Manifest;

/// The status of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PluginStatus {
    /// The plugin is not loaded.
    Unloaded,
    /// The component is compiled, and the plugin did not check its settings yet.
    Loaded,
    /// The plugin accepted its settings.
    Initialized,
    /// The service calls the hooks and handlers.
    Started,
    /// The service does not call the hooks and handlers.
    Stopped,
    /// The plugin failed to start, is disabled after too many faults, or depends on a plugin that
    /// is disabled.
    Error,
}

impl PluginStatus {
    /// Returns the name in listings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unloaded => "unloaded",
            Self::Loaded => "loaded",
            Self::Initialized => "initialized",
            Self::Started => "started",
            Self::Stopped => "stopped",
            Self::Error => "error",
        }
    }
}

/// The descriptive fields of a manifest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Metadata {
    /// The name.
    pub name: String,
    /// The version.
    pub version: String,
    /// A description in one sentence.
    pub description: String,
    /// The author.
    pub author: String,
    /// The license.
    pub license: String,
    /// The URL of its page.
    pub homepage: String,
    /// The names of the plugins that must be loaded and started first.
    pub dependencies: Vec<String>,
    /// Keywords for a search.
    pub tags: Vec<String>,
    /// Further texts for operators.
    pub metadata: BTreeMap<String, String>,
}

impl From<&Manifest> for Metadata {
    fn from(manifest: &Manifest) -> Self {
        Self {
            name: manifest.name.clone(),
            version: manifest.version.to_string(),
            description: manifest.description.clone(),
            author: manifest.author.clone(),
            license: manifest.license.clone(),
            homepage: manifest.homepage.clone(),
            dependencies: manifest.dependencies.clone(),
            tags: manifest.tags.clone(),
            metadata: manifest.metadata.clone(),
        }
    }
}

/// The state of a plugin, for operators. It does not have the settings, which may be secret.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PluginInfo {
    /// The descriptive fields of the manifest.
    pub metadata: Metadata,
    /// The status.
    pub status: PluginStatus,
    /// The time of the load.
    pub load_time: DateTime<Utc>,
    /// The time of the last start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<DateTime<Utc>>,
    /// The time of the last stop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_time: Option<DateTime<Utc>>,
    /// The last failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_msg: Option<String>,
    /// The code of the last failure, such as `PLUGIN_DEPENDENCY_ERROR`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<&'static str>,
    /// The folder of the plugin.
    pub path: PathBuf,
    /// The file of its settings, if it exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_path: Option<PathBuf>,
    /// The version of the interface.
    pub api: String,
    /// The SHA-256 of the component: 64 hexadecimal digits.
    pub sha256: String,
    /// Whether a trusted key signed the manifest.
    pub signed: bool,
}
