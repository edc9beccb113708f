//! Calls that fail because a plugin failed or is not started.

use seaworthy_core::{Code, Error};

use super::Plugins;
use crate::{FailureMode, hook::HookTable, plugin::Plugin};

impl Plugins {
    /// Checks that the service continues without a plugin that an operator stopped, or whose current
    /// version does not have the function.
    ///
    /// # Errors
    /// `plugins.required` has the plugin, and it is not started.
    pub(super) fn check_not_required(&self, name: &str) -> Result<(), Error> {
        match self
            .missing_required()
            .iter()
            .any(|missing| missing == name)
        {
            true => Err(not_started(name)),
            false => Ok(()),
        }
    }
}

/// Checks that a call continues without a failed plugin that may veto.
///
/// # Errors
/// `on_failure` of the plugin is `closed`: `PLUGIN_UNAVAILABLE`.
pub(super) fn check_failure_mode(plugin: &Plugin, problem: &str) -> Result<(), Error> {
    match plugin.on_failure {
        FailureMode::Open => Ok(()),
        FailureMode::Closed => Err(unavailable(plugin.name(), problem)),
    }
}

/// Checks that the plugins that must be started are in the table.
///
/// # Errors
/// One is not: `PLUGIN_UNAVAILABLE`.
pub(super) fn check_required(table: &HookTable) -> Result<(), Error> {
    table
        .missing()
        .map_or(Ok(()), |name| Err(not_started(name)))
}

fn not_started(plugin: &str) -> Error {
    unavailable(plugin, "is in plugins.required, and is not started")
}

fn unavailable(plugin: &str, problem: &str) -> Error {
    let message = "a plugin that decides about this request is unavailable: retry later";
    let cause = format!("plugin {plugin}: {problem}");
    Error::new(Code::Unavailable, "PLUGIN_UNAVAILABLE", message).with_cause(cause)
}
