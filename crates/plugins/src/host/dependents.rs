use std::collections::BTreeMap;

use super::{Inner, Plugins, dependencies::LoadedPlugins};
use crate::{EventType, PluginStatus, plugin::Plugin};

impl Plugins {
    /// Returns true if a plugin and its dependencies are started and enabled. A plugin is not
    /// available during a backoff or a trial.
    pub(super) fn is_available(&self, name: &str) -> bool {
        let loaded = self.0.loaded.lock();
        check_available(&loaded, name, Plugin::is_enabled, &mut BTreeMap::new())
    }

    /// Publishes that the dependents of a plugin cannot be called, or can be called again, if it is
    /// not as available as it was.
    pub(super) fn announce_availability(&self, name: &str, was_available: bool) {
        if was_available != self.is_available(name) {
            self.announce_dependents(name);
        }
    }

    /// Publishes that the started plugins that depend on `name`, also indirectly, cannot be called,
    /// or can be called again.
    pub(crate) fn announce_dependents(&self, name: &str) {
        let mut waiting = self.dependents(name);
        let mut announced = Vec::new();
        while let Some(dependent) = waiting.pop() {
            let Ok(plugin) = self.plugin(&dependent) else {
                continue;
            };
            if announced.contains(&dependent) {
                continue;
            }
            waiting.extend(self.dependents(&dependent));
            if plugin.status() == PluginStatus::Started {
                let kind = match plugin.missing_dependency() {
                    Some(_) => EventType::PLUGIN_ERROR,
                    None => EventType::PLUGIN_ENABLED,
                };
                self.publish_without_actor(self.plugin_event(kind, &dependent));
            }
            announced.push(dependent);
        }
    }
}

impl Inner {
    /// Returns the first dependency of a started plugin that cannot be called, or that misses a
    /// dependency itself. After its backoff a dependency can be called. Otherwise its dependents
    /// would wait for an event that only the dependency handles.
    pub(crate) fn missing_dependency(&self, plugin: &Plugin) -> Option<String> {
        let loaded = self.loaded.lock();
        // An operator stops a plugin before its dependencies. With the lock both have the states of
        // the same time.
        if plugin.status() != PluginStatus::Started {
            return None;
        }
        let mut checked = BTreeMap::new();
        let mut needed = plugin.manifest.dependencies.iter();
        needed
            .find(|name| !check_available(&loaded, name, Plugin::is_callable, &mut checked))
            .cloned()
    }
}

/// Returns true if `check` is true for a plugin and its dependencies. It counts as true for a
/// plugin that is not loaded, because only requests that began before its unload still use its
/// dependents. `checked` caches the results of shared dependencies.
fn check_available<'a>(
    loaded: &'a LoadedPlugins,
    name: &str,
    check: fn(&Plugin) -> bool,
    checked: &mut BTreeMap<&'a str, bool>,
) -> bool {
    let Some((name, entry)) = loaded.get_key_value(name) else {
        return true;
    };
    if let Some(is_available) = checked.get(name.as_str()) {
        return *is_available;
    }
    // The load rejects circular dependencies, so this ends.
    let mut needed = entry.plugin.manifest.dependencies.iter();
    let is_available =
        check(&entry.plugin) && needed.all(|name| check_available(loaded, name, check, checked));
    checked.insert(name, is_available);
    is_available
}
