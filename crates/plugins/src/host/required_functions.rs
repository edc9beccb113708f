use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;

use crate::{HookPoint, Manifest, PluginError, PluginErrorCode, plugin::Plugin, runtime::Exports};

/// The functions of the plugins of `plugins.required` that can reject calls, by the name of the
/// plugin. A new version must keep those of the version that was loaded before it. Otherwise the
/// service would be ready without them. A restart of the service accepts another version.
#[derive(Debug)]
pub(super) struct RequiredFunctions(Mutex<BTreeMap<String, Functions>>);

#[derive(Debug, Default)]
struct Functions {
    decides: bool,
    vetoes: BTreeSet<HookPoint>,
}

impl Functions {
    fn of(manifest: &Manifest, exports: Exports) -> Self {
        let vetoes = manifest.hooks.iter().filter(|hook| hook.veto);
        Self {
            decides: exports.policy,
            vetoes: vetoes.map(|hook| hook.point).collect(),
        }
    }

    /// Returns a function that `newer` does not have.
    fn missing_in(&self, newer: &Self) -> Option<String> {
        if self.decides && !newer.decides {
            return Some("the interface `policy`".to_owned());
        }
        let point = self.vetoes.difference(&newer.vetoes).next()?;
        Some(format!("the veto at the point {}", point.as_str()))
    }
}

impl RequiredFunctions {
    pub(super) fn new(required: &[String]) -> Self {
        let names = required.iter().cloned();
        let functions = names.map(|name| (name, Functions::default()));
        Self(Mutex::new(functions.collect()))
    }

    /// Checks that a version of a plugin has the functions of the version that was loaded before
    /// it.
    ///
    /// # Errors
    /// The plugin is required, and a function is missing.
    pub(super) fn check(&self, manifest: &Manifest, exports: Exports) -> Result<(), PluginError> {
        let (name, newer) = (&manifest.name, Functions::of(manifest, exports));
        let required = self.0.lock();
        let missing = required.get(name).and_then(|last| last.missing_in(&newer));
        let Some(missing) = missing else {
            return Ok(());
        };
        let problem = format!(
            "does not have {missing}, which its last version has, and is in plugins.required: add it, or restart the service to accept this version"
        );
        let code = PluginErrorCode::LoadFailed;
        Err(PluginError::new(code, name, problem))
    }

    /// Sets the functions of a loaded version.
    pub(super) fn set(&self, plugin: &Plugin) {
        if let Some(functions) = self.0.lock().get_mut(plugin.name()) {
            *functions = Functions::of(&plugin.manifest, plugin.exports);
        }
    }
}
