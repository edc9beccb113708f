//! Calls that fail because a plugin failed or is not started.

use seaworthy_core::{Code, Error};

use super::Plugins;
use crate::{
    FailureMode,
    hook::{HookEntry, HookTable},
    plugin::Plugin,
};

/// The reason of errors that a plugin causes.
pub(crate) const UNAVAILABLE: &str = "PLUGIN_UNAVAILABLE";

impl Plugins {
    /// Checks that the service continues without a plugin that an operator stopped, or whose
    /// current version does not have the function.
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

    /// Checks that the service continues without a hook. Its plugin is not started, or the current
    /// version does not have the hook or its veto. A retry finds the hooks of the current version.
    ///
    /// # Errors
    /// `plugins.required` has the plugin, and it is not started, or the hook has a veto.
    pub(super) fn check_hook_not_required(&self, hook: &HookEntry) -> Result<(), Error> {
        let name = hook.plugin.name();
        self.check_not_required(name)?;
        match hook.is_veto && self.required().iter().any(|required| required == name) {
            true => {
                let problem = format!(
                    "was reloaded without the veto of the hook \"{}\"",
                    hook.name
                );
                Err(unavailable(name, &problem))
            }
            false => Ok(()),
        }
    }
}

/// Returns the reaction to a failure of a plugin. The author of a manifest can only make the
/// reaction of the operator stricter.
pub(super) fn failure_mode(
    settings: Option<FailureMode>,
    manifest: Option<FailureMode>,
    default: FailureMode,
) -> FailureMode {
    let stricter = manifest.filter(|mode| *mode == FailureMode::Closed);
    settings.or(stricter).unwrap_or(default)
}

/// Checks whether a call continues without a failed plugin that may veto. Callers can overload a
/// plugin or send too much data, so that must not turn off the protection against them.
///
/// # Errors
/// `PLUGIN_UNAVAILABLE`: `on_failure` of the plugin is `closed`, or callers can cause the failure.
pub(super) fn check_failure_mode(
    plugin: &Plugin,
    problem: &str,
    is_caused_by_callers: bool,
) -> Result<(), Error> {
    match plugin.on_failure {
        FailureMode::Open if !is_caused_by_callers => Ok(()),
        _ => Err(unavailable(plugin.name(), problem)),
    }
}

/// Returns the error of a call that did not decide before the deadline of its request. It does not
/// depend on `on_failure`, because clients can shorten the deadline.
pub(super) fn late() -> Error {
    let message = "the deadline of the request passed";
    Error::new(Code::DeadlineExceeded, "DEADLINE_EXCEEDED", message)
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
    Error::new(Code::Unavailable, UNAVAILABLE, message).with_cause(cause)
}
