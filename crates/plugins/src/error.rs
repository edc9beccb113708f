use std::{error::Error as StdError, fmt};

use seaworthy_core::{Code, Error, error_chain};
use seaworthy_service::StartError;

use crate::text::printable;

/// The codes of errors of plugins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PluginErrorCode {
    /// No plugin has this name.
    NotFound,
    /// A plugin with this name is loaded.
    AlreadyExists,
    /// The files of the plugin are missing or not valid.
    LoadFailed,
    /// The plugin failed to start.
    StartFailed,
    /// The plugin failed to stop.
    StopFailed,
    /// The settings of the plugin are not valid.
    Config,
    /// The plugin exceeded its timeout.
    Timeout,
    /// A dependency is missing, circular or not started, or another plugin depends on this one.
    Dependency,
    /// The signature is not trusted, or the operator did not grant a requested capability.
    Permission,
    /// The plugin reports a problem in its health check, traps or exceeds a limit, or its change
    /// was interrupted.
    Internal,
}

impl PluginErrorCode {
    /// Returns the code in responses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "PLUGIN_NOT_FOUND",
            Self::AlreadyExists => "PLUGIN_ALREADY_EXIST",
            Self::LoadFailed => "PLUGIN_LOAD_FAILED",
            Self::StartFailed => "PLUGIN_START_FAILED",
            Self::StopFailed => "PLUGIN_STOP_FAILED",
            Self::Config => "PLUGIN_CONFIG_ERROR",
            Self::Timeout => "PLUGIN_TIMEOUT",
            Self::Dependency => "PLUGIN_DEPENDENCY_ERROR",
            Self::Permission => "PLUGIN_PERMISSION_ERROR",
            Self::Internal => "PLUGIN_INTERNAL_ERROR",
        }
    }

    const fn code(self) -> Code {
        match self {
            Self::NotFound => Code::NotFound,
            Self::AlreadyExists | Self::Dependency => Code::Conflict,
            Self::LoadFailed | Self::Config | Self::Permission => Code::Invalid,
            Self::StartFailed | Self::StopFailed | Self::Timeout | Self::Internal => {
                Code::Unavailable
            }
        }
    }
}

/// Errors of operations on plugins.
#[derive(Debug, thiserror::Error)]
pub struct PluginError {
    code: PluginErrorCode,
    /// `None` for an error of the whole folder.
    plugin: Option<String>,
    problem: String,
    #[source]
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl PluginError {
    pub(crate) fn new(
        code: PluginErrorCode,
        plugin: impl Into<String>,
        problem: impl Into<String>,
    ) -> Self {
        Self {
            code,
            plugin: Some(plugin.into()),
            problem: printable(&problem.into()),
            cause: None,
        }
    }

    /// Creates an error of the whole folder of plugins.
    pub(crate) fn for_folder(problem: impl Into<String>) -> Self {
        Self {
            code: PluginErrorCode::LoadFailed,
            plugin: None,
            problem: problem.into(),
            cause: None,
        }
    }

    pub(crate) fn with_cause(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    pub(crate) fn not_found(plugin: &str) -> Self {
        Self::new(PluginErrorCode::NotFound, plugin, "is not loaded")
    }

    /// Returns the problem and its causes, for operators.
    pub(crate) fn describe(&self) -> String {
        printable(&error_chain(self).to_string())
    }

    /// Returns the code.
    #[must_use]
    pub fn code(&self) -> PluginErrorCode {
        self.code
    }

    /// Returns the name of the plugin. `None` if the whole folder of plugins cannot be read.
    #[must_use]
    pub fn plugin(&self) -> Option<&str> {
        self.plugin.as_deref()
    }
}

impl fmt::Display for PluginError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.plugin {
            Some(plugin) => write!(formatter, "plugin \"{plugin}\": {}", self.problem),
            None => formatter.write_str(&self.problem),
        }
    }
}

impl From<PluginError> for Error {
    fn from(error: PluginError) -> Self {
        Error::new(error.code.code(), error.code.as_str(), error.to_string()).with_cause(error)
    }
}

impl From<PluginError> for StartError {
    fn from(error: PluginError) -> Self {
        Self::with_cause("a plugin cannot be used", error)
    }
}
