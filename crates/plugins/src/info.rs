use std::{collections::BTreeMap, path::PathBuf};

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::manifest::Manifest;

/// The status of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PluginStatus {
    /// The plugin is not in memory.
    Unloaded,
    /// The component is compiled.
    Loaded,
    /// The plugin accepted its settings.
    Initialized,
    /// Hooks and handlers are called.
    Started,
    /// Hooks and handlers are not called.
    Stopped,
    /// The plugin failed, or had too many faults.
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

/// What the manifest says about a plugin.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Metadata {
    /// The name.
    pub name: String,
    /// The version.
    pub version: String,
    /// One sentence.
    pub description: String,
    /// Who wrote it.
    pub author: String,
    /// The licence.
    pub license: String,
    /// The address of its page.
    pub homepage: String,
    /// The plugins that must be loaded first.
    pub dependencies: Vec<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Further texts.
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

/// The state of a plugin, for operators. It has no settings, because they may be secret.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PluginInfo {
    /// What the manifest says.
    pub metadata: Metadata,
    /// The status.
    pub status: PluginStatus,
    /// When the component was loaded.
    pub load_time: DateTime<Utc>,
    /// When the plugin started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<DateTime<Utc>>,
    /// When the plugin stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_time: Option<DateTime<Utc>>,
    /// The last failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_msg: Option<String>,
    /// The folder of the plugin.
    pub path: PathBuf,
    /// The file of its settings, if it exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_path: Option<PathBuf>,
    /// The version of the interface.
    pub api: String,
    /// The SHA-256 of the component.
    pub sha256: String,
    /// Whether a trusted key signed the manifest.
    pub signed: bool,
}
