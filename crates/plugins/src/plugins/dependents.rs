use std::collections::BTreeMap;

use super::{Inner, Plugins, dependencies::LoadedPlugins};
use crate::{EventType, PluginStatus, plugin::Plugin};

impl Plugins {
    /// Whether a plugin and its dependencies can be called.
    pub(super) fn is_available(&self, name: &str) -> bool {
        is_available(&self.0.loaded.lock(), name)
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
                self.announce(kind, &dependent);
            }
            announced.push(dependent);
        }
    }
}

impl Inner {
    /// Returns the first dependency of a plugin that is disabled, or that misses a dependency
    /// itself.
    pub(crate) fn missing_dependency(&self, plugin: &Plugin) -> Option<String> {
        let loaded = self.loaded.lock();
        let mut checked = BTreeMap::new();
        let mut needed = plugin.manifest.dependencies.iter();
        needed
            .find(|name| !check_available(&loaded, name, &mut checked))
            .cloned()
    }
}

fn is_available(loaded: &LoadedPlugins, name: &str) -> bool {
    check_available(loaded, name, &mut BTreeMap::new())
}

/// Whether a plugin and its dependencies are enabled. A plugin that is not loaded counts as enabled,
/// because only requests that began before its unload still use its dependents. `checked` has the
/// results for the plugins that several others need.
fn check_available<'a>(
    loaded: &'a LoadedPlugins,
    name: &str,
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
        entry.plugin.is_enabled() && needed.all(|name| check_available(loaded, name, checked));
    checked.insert(name, is_available);
    is_available
}
