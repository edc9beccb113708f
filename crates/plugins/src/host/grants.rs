//! Checks of the variables, the capabilities and the exports of a plugin.

use super::dependencies::LoadedPlugins;
use crate::{
    GrantConfig, Manifest, PluginError, PluginErrorCode, folder::have_same_variables,
    runtime::Exports,
};

/// Checks that no other plugin has the environment variables of `name`, because its settings in
/// them may be secret.
///
/// # Errors
/// A loaded plugin has the same variables.
pub(super) fn check_variables(loaded: &LoadedPlugins, name: &str) -> Result<(), PluginError> {
    let is_same = |other: &&String| *other != name && have_same_variables(other, name);
    let Some(other) = loaded.keys().find(is_same) else {
        return Ok(());
    };
    let problem = format!(
        "has the same environment variables as the loaded plugin \"{other}\": rename one of them"
    );
    Err(PluginError::new(PluginErrorCode::Config, name, problem))
}

/// Checks that the operator grants the capabilities that the manifest requests.
///
/// # Errors
/// A capability is not granted, or the grant has a type of events that only the service publishes.
pub(super) fn check_grant(manifest: &Manifest, grant: &GrantConfig) -> Result<(), PluginError> {
    if let Some(reserved) = grant.event_types.iter().find(|kind| kind.is_reserved()) {
        let name = &manifest.name;
        let problem = format!(
            "cannot publish \"{reserved}\", because only the service publishes it: remove this type from plugins.grants.{name}.event_types"
        );
        return Err(PluginError::new(PluginErrorCode::Permission, name, problem));
    }
    let mut wanted = manifest.capabilities.iter();
    let Some(missing) = wanted.find(|wanted| !grant.capabilities.contains(wanted)) else {
        return Ok(());
    };
    let (name, missing) = (&manifest.name, missing.as_str());
    let problem = format!(
        "requests the capability \"{missing}\": grant it in plugins.grants.{name}.capabilities"
    );
    Err(PluginError::new(PluginErrorCode::Permission, name, problem))
}

/// Checks that the component exports the interfaces that the manifest declares.
///
/// # Errors
/// An export is missing, or the exports are not those of the declared world.
pub(super) fn check_exports(manifest: &Manifest, exports: Exports) -> Result<(), PluginError> {
    let Exports {
        hooks,
        events,
        policy,
    } = exports;
    let problem = if !hooks && !manifest.hooks.is_empty() {
        "declares hooks, but the component does not export the interface `hooks`".to_owned()
    } else if !events && !manifest.handlers.is_empty() {
        "declares handlers, but the component does not export the interface `events`".to_owned()
    } else if let Some(world) = manifest.world
        && !world.has(hooks, events, policy)
    {
        let world = world.as_str();
        format!("declares the world \"{world}\", but the component exports other interfaces")
    } else {
        return Ok(());
    };
    let code = PluginErrorCode::LoadFailed;
    Err(PluginError::new(code, &manifest.name, problem))
}
