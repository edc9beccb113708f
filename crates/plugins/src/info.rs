use std::{collections::BTreeMap, path::PathBuf};

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{Capability, FailureMode, HandlerDeclaration, HookDeclaration, manifest::Manifest};

/// The status of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
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
    /// The plugin cannot be loaded, failed to start, is disabled after too many faults, or depends
    /// on a plugin that is disabled.
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
pub struct PluginMetadata {
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

impl From<&Manifest> for PluginMetadata {
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

/// A failure of a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PluginFailure {
    /// The code, such as `PLUGIN_LOAD_FAILED`.
    pub code: &'static str,
    /// The problem.
    pub message: String,
    /// The time of the failure.
    pub time: DateTime<Utc>,
}

/// The state of a plugin, for operators. It does not have the settings, which may be secret.
///
/// A plugin that cannot be loaded has only its name, its path and the failure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PluginInfo {
    /// The descriptive fields of the manifest.
    pub metadata: PluginMetadata,
    /// The status.
    pub status: PluginStatus,
    /// The time of the load.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_time: Option<DateTime<Utc>>,
    /// The time of the last start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<DateTime<Utc>>,
    /// The time of the last stop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_time: Option<DateTime<Utc>>,
    /// The failure that causes the status `error`, else the last failure within one minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_msg: Option<String>,
    /// The code of this failure, such as `PLUGIN_DEPENDENCY_ERROR`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<&'static str>,
    /// The time of this failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_time: Option<DateTime<Utc>>,
    /// The time of the next trial, if faults disable the plugin until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_trial_time: Option<DateTime<Utc>>,
    /// Whether the plugin stays disabled until an operator enables it.
    pub needs_operator: bool,
    /// The failure of the last reload. The previous version still runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_reload: Option<PluginFailure>,
    /// Whether a call was rejected within the last minute because of the CPU share.
    pub throttled: bool,
    /// The CPU time in milliseconds that the CPU share permits at once.
    pub cpu_share_left_ms: u64,
    /// The folder of the plugin.
    pub path: PathBuf,
    /// The file of its settings, if it exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_path: Option<PathBuf>,
    /// The texts for operators in its settings. Those of the manifest are in `metadata`.
    pub config_metadata: BTreeMap<String, String>,
    /// The version of the interface.
    pub api: String,
    /// The SHA-256 of the component: 64 hexadecimal digits.
    pub sha256: String,
    /// Whether a trusted key signed the manifest.
    pub signed: bool,
    /// The capabilities that the plugin requests and the operator grants.
    pub capabilities: Vec<Capability>,
    /// The hooks.
    pub hooks: Vec<HookDeclaration>,
    /// The handlers of events.
    pub handlers: Vec<HandlerDeclaration>,
    /// The reaction of the service to a failure of this plugin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<FailureMode>,
}

impl PluginInfo {
    /// Creates the state of a plugin that cannot be loaded.
    pub(crate) fn for_failed_load(name: &str, path: PathBuf, failure: PluginFailure) -> Self {
        let metadata = PluginMetadata {
            name: name.to_owned(),
            version: String::new(),
            description: String::new(),
            author: String::new(),
            license: String::new(),
            homepage: String::new(),
            dependencies: Vec::new(),
            tags: Vec::new(),
            metadata: BTreeMap::new(),
        };
        Self {
            metadata,
            status: PluginStatus::Error,
            load_time: None,
            start_time: None,
            stop_time: None,
            error_msg: Some(failure.message),
            error_code: Some(failure.code),
            error_time: Some(failure.time),
            next_trial_time: None,
            needs_operator: false,
            failed_reload: None,
            throttled: false,
            cpu_share_left_ms: 0,
            path,
            config_path: None,
            config_metadata: BTreeMap::new(),
            api: String::new(),
            sha256: String::new(),
            signed: false,
            capabilities: Vec::new(),
            hooks: Vec::new(),
            handlers: Vec::new(),
            on_failure: None,
        }
    }

    /// Returns why operators must act on the plugin, or `None` if they need not.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        if self.status == PluginStatus::Error {
            return Some("failed");
        }
        if self.failed_reload.is_some() {
            return Some("its reload failed");
        }
        self.throttled.then_some("throttled")
    }
}
