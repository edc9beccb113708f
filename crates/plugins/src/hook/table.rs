use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
    time::Duration,
};

use seaworthy_core::{Code, Error};
use tokio::time::Instant;

use super::{HookPoint, PointSet, Rejection};
use crate::plugin::{Plugin, Use};

/// A hook of a started plugin.
#[derive(Debug, Clone)]
pub(crate) struct HookEntry {
    pub(crate) plugin: Arc<Plugin>,
    pub(crate) name: String,
    pub(crate) priority: i32,
    pub(crate) timeout: Duration,
    pub(crate) is_veto: bool,
}

impl HookEntry {
    /// Returns true if both entries are the same hook, perhaps of different versions of its plugin.
    pub(crate) fn has_name_of(&self, other: &Self) -> bool {
        self.plugin.name() == other.plugin.name() && self.name == other.name
    }

    /// Returns the error of a call that the hook rejects.
    pub(crate) fn rejected(&self, rejection: Rejection) -> Error {
        let code = match rejection.status {
            429 => Code::Exhausted,
            400 => Code::Invalid,
            _ => Code::Forbidden,
        };
        let reason = match rejection.reason.is_empty() {
            true => "a plugin rejected the request".to_owned(),
            false => rejection.reason,
        };
        Error::new(code, "PLUGIN_REJECTED", reason).with_cause(format!(
            "hook {}/{}",
            self.plugin.name(),
            self.name
        ))
    }
}

/// The hooks and decisions of all started plugins. A request uses the same table until its end, so
/// that it does not mix versions of a plugin.
#[derive(Debug, Default)]
pub(crate) struct HookTable {
    hooks: BTreeMap<HookPoint, Vec<HookEntry>>,
    deciders: Vec<Arc<Plugin>>,
    plugins: Vec<(Arc<Plugin>, Use)>,
    /// A plugin that must be started and is not.
    missing: Option<String>,
    /// The time at which a newer table replaced this one.
    replaced: OnceLock<Instant>,
}

impl HookTable {
    /// Creates the table of the started plugins. `required` names those that must be started.
    pub(crate) fn new(plugins: impl IntoIterator<Item = Arc<Plugin>>, required: &[String]) -> Self {
        let mut table: BTreeMap<HookPoint, Vec<HookEntry>> = BTreeMap::new();
        let (mut deciders, mut used) = (Vec::new(), Vec::new());
        for plugin in plugins {
            used.push((Arc::clone(&plugin), plugin.uses.begin()));
            if plugin.exports.policy {
                deciders.push(Arc::clone(&plugin));
            }
            for hook in &plugin.manifest.hooks {
                let timeout = hook
                    .timeout
                    .map_or(hook.point.default_timeout(), seaworthy_core::Timeout::get);
                table.entry(hook.point).or_default().push(HookEntry {
                    plugin: Arc::clone(&plugin),
                    name: hook.name.clone(),
                    priority: hook.priority.unwrap_or(plugin.settings.priority),
                    timeout: timeout.min(plugin.settings.timeout.get()),
                    is_veto: hook.veto,
                });
            }
        }
        for hooks in table.values_mut() {
            hooks.sort_by(|one, other| {
                (one.priority, &one.plugin.manifest.name, &one.name).cmp(&(
                    other.priority,
                    &other.plugin.manifest.name,
                    &other.name,
                ))
            });
        }
        let is_missing = |name: &&String| {
            !used
                .iter()
                .any(|(plugin, _)| plugin.name() == name.as_str())
        };
        let missing = required.iter().find(is_missing).cloned();
        Self {
            hooks: table,
            deciders,
            plugins: used,
            missing,
            replaced: OnceLock::new(),
        }
    }

    pub(crate) fn at(&self, point: HookPoint) -> &[HookEntry] {
        self.hooks.get(&point).map_or(&[], Vec::as_slice)
    }

    /// Returns the points at which a call has an effect.
    pub(crate) fn points(&self) -> PointSet {
        let mut points = PointSet::of(self.hooks.keys().copied());
        if self.missing.is_some() {
            // Calls at these points fail.
            let vetoes = HookPoint::ALL.into_iter().filter(|point| point.can_veto());
            points = points.union(PointSet::of(vetoes));
        }
        if self.missing.is_some() || !self.deciders.is_empty() {
            points = points.union(PointSet::DECISIONS);
        }
        points
    }

    /// Returns the plugins with access decisions.
    pub(crate) fn deciders(&self) -> &[Arc<Plugin>] {
        &self.deciders
    }

    /// Returns true if calls of hooks have no effect.
    pub(crate) fn is_empty(&self) -> bool {
        self.hooks.is_empty() && self.missing.is_none()
    }

    /// Returns true if no plugin is started.
    pub(crate) fn has_no_plugins(&self) -> bool {
        self.plugins.is_empty()
    }

    /// Returns a plugin that must be started and is not.
    pub(crate) fn missing(&self) -> Option<&str> {
        self.missing.as_deref()
    }

    /// Records that new requests use a newer table.
    pub(crate) fn set_replaced(&self) {
        // A table is replaced once.
        let _ = self.replaced.set(Instant::now());
    }

    /// Returns true if requests that have this table must use the current one. A required plugin
    /// may have started since, a version of this table ended, or another table replaced it longer
    /// ago than `max_age`.
    pub(crate) fn is_expired(&self, max_age: Duration) -> bool {
        let replaced = self.replaced.get();
        self.missing.is_some()
            || self.plugins.iter().any(|(plugin, _)| plugin.is_retired())
            || replaced.is_some_and(|replaced| replaced.elapsed() >= max_age)
    }
}
