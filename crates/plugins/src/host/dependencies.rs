//! Checks of dependencies between loaded plugins. Their caller holds the lock of the plugins, so
//! that a change with the same lock sees the checked state.

use std::collections::BTreeMap;

use super::{Loaded, Plugins};
use crate::{PluginError, PluginErrorCode, PluginStatus, load_order::load_order, plugin::Plugin};

/// The loaded plugins by their names.
pub(super) type LoadedPlugins = BTreeMap<String, Loaded>;

impl Plugins {
    /// Waits for the running changes of the dependencies of a plugin. If their start was requested
    /// earlier, they are started afterwards.
    pub(super) async fn wait_for_dependencies(&self, plugin: &Plugin) {
        // Each waits only for its own dependencies, which are not circular, so this ends.
        for dependency in &plugin.manifest.dependencies {
            drop(self.0.changes.take(dependency).await);
        }
    }
}

/// Checks that the dependencies of a plugin are loaded and not circular.
///
/// # Errors
/// A dependency is missing, is being unloaded, or is circular.
pub(super) fn check_dependencies(
    loaded: &LoadedPlugins,
    plugin: &Plugin,
) -> Result<(), PluginError> {
    let is_missing = |name: &&String| loaded.get(*name).is_none_or(|entry| entry.is_unloading);
    let mut needed = plugin.manifest.dependencies.iter();
    if let Some(missing) = needed.find(is_missing) {
        let problem = format!("depends on \"{missing}\", which is not loaded");
        return Err(dependency_error(plugin.name(), problem));
    }
    let needed = |plugin: &Plugin| {
        let name = plugin.name().to_owned();
        (name, plugin.manifest.dependencies.clone())
    };
    let others = loaded.values().map(|entry| needed(&entry.plugin));
    let mut graph: BTreeMap<_, _> = others.collect();
    graph.extend([needed(plugin)]);
    load_order(&graph)
        .map(drop)
        .map_err(|error| dependency_error(plugin.name(), error.to_string()))
}

/// Checks that the dependencies of a plugin are started. With `permits_disabled` a dependency may
/// instead be disabled by its settings. Calls of the plugin then fail until it is enabled.
///
/// # Errors
/// A dependency is not started.
pub(super) fn check_started(
    loaded: &LoadedPlugins,
    plugin: &Plugin,
    permits_disabled: bool,
) -> Result<(), PluginError> {
    let is_ready = |name: &String| {
        let needed = loaded.get(name).map(|entry| &entry.plugin);
        needed.is_some_and(|needed| {
            let is_disabled = !needed.is_enabled_by_settings();
            needed.status() == PluginStatus::Started || (permits_disabled && is_disabled)
        })
    };
    let mut needed = plugin.manifest.dependencies.iter();
    match needed.find(|name| !is_ready(name)) {
        None => Ok(()),
        Some(missing) => {
            let problem = format!("depends on \"{missing}\", which is not started");
            Err(dependency_error(plugin.name(), problem))
        }
    }
}

/// Checks that no started plugin depends on `name`.
///
/// # Errors
/// One does.
pub(super) fn check_stoppable(loaded: &LoadedPlugins, name: &str) -> Result<(), PluginError> {
    let mut dependents = dependents(loaded, name);
    let started = dependents.find(|dependent| dependent.status() == PluginStatus::Started);
    not_needed(name, started, "stop")
}

/// Checks that no loaded plugin depends on `name`.
///
/// # Errors
/// One does.
pub(super) fn check_unloadable(loaded: &LoadedPlugins, name: &str) -> Result<(), PluginError> {
    not_needed(name, dependents(loaded, name).next(), "unload")
}

/// Returns the plugins that depend directly on `name`.
pub(super) fn dependents<'a>(
    loaded: &'a LoadedPlugins,
    name: &'a str,
) -> impl Iterator<Item = &'a Plugin> {
    let plugins = loaded.values().map(|entry| &*entry.plugin);
    plugins.filter(move |plugin| {
        let mut needed = plugin.manifest.dependencies.iter();
        needed.any(|dependency| dependency == name)
    })
}

fn not_needed(name: &str, dependent: Option<&Plugin>, action: &str) -> Result<(), PluginError> {
    let Some(dependent) = dependent.map(Plugin::name) else {
        return Ok(());
    };
    let problem = format!("\"{dependent}\" depends on it: {action} \"{dependent}\" first");
    Err(dependency_error(name, problem))
}

fn dependency_error(plugin: &str, problem: String) -> PluginError {
    PluginError::new(PluginErrorCode::Dependency, plugin, problem)
}
