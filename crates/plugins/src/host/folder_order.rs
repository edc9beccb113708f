use std::{collections::BTreeMap, path::Path};

use super::Plugins;
use crate::{
    Manifest, PluginError, PluginErrorCode,
    folder::{MANIFEST, read_text, scan, unreadable_folder},
    load_order::{OrderError, load_order, valid_order},
    manifest::is_name,
};

/// The manifest of each plugin of the folder, or its error.
type Manifests = Vec<(String, Result<Manifest, PluginError>)>;

impl Plugins {
    /// Returns the plugins of the folder in the order of their dependencies.
    ///
    /// # Errors
    /// The folder cannot be read, a manifest is not valid, or dependencies are missing or circular.
    pub(super) async fn order(&self) -> Result<Vec<String>, PluginError> {
        let found = dependencies(self.manifests().await?)?;
        load_order(&found).map_err(order_error)
    }

    /// Returns the names of a plugin and of its direct and indirect dependencies, in the order of
    /// their load. Reads no other manifests.
    ///
    /// # Errors
    /// A folder is missing, a manifest is not valid, or dependencies are circular.
    pub(crate) async fn order_for(&self, name: &str) -> Result<Vec<String>, PluginError> {
        let (directory, plugin) = (self.0.config.directory.clone(), name.to_owned());
        self.blocking(name, move || order_for(&directory, plugin))
            .await
    }

    /// Returns the plugins of the folder in the order of their dependencies. Omits plugins with an
    /// invalid manifest or invalid dependencies, and logs and publishes their errors.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(super) async fn valid_order(&self) -> Result<Vec<String>, PluginError> {
        let (mut found, mut invalid) = (BTreeMap::new(), Vec::new());
        for (name, manifest) in self.manifests().await? {
            match manifest {
                Ok(manifest) => {
                    found.insert(name, manifest.dependencies);
                }
                Err(error) => {
                    self.reject(&name, &error);
                    // Other plugins can depend on the running version.
                    if let Ok(plugin) = self.plugin(&name) {
                        found.insert(name.clone(), plugin.manifest.dependencies.clone());
                    }
                    invalid.push(name);
                }
            }
        }
        let (mut order, errors) = valid_order(&found);
        for error in errors {
            let plugin = error.plugin().to_owned();
            self.reject(&plugin, &order_error(error));
        }
        order.retain(|name| !invalid.contains(name));
        Ok(order)
    }

    /// Logs and publishes the error of a plugin that cannot be loaded.
    fn reject(&self, plugin: &str, error: &PluginError) {
        self.log_failure(Some(plugin), "loaded", Err(error));
        self.announce_failure(Some(plugin), error);
    }

    async fn manifests(&self) -> Result<Manifests, PluginError> {
        let directory = self.0.config.directory.clone();
        let found = tokio::task::spawn_blocking(move || manifests(&directory)).await;
        found.map_err(|error| {
            let problem = "the manifests of the plugin folder cannot be read";
            PluginError::for_folder(problem).with_cause(error)
        })?
    }
}

fn order_error(error: OrderError) -> PluginError {
    let plugin = error.plugin().to_owned();
    PluginError::new(PluginErrorCode::Dependency, plugin, error.to_string())
}

/// Reads the manifest of each plugin.
///
/// # Errors
/// The folder cannot be read.
fn manifests(directory: &Path) -> Result<Manifests, PluginError> {
    let names = scan(directory)
        .map_err(|error| PluginError::for_folder(unreadable_folder(directory)).with_cause(error))?;
    let manifest = |name: String| {
        let manifest = read_manifest(directory, &name);
        (name, manifest)
    };
    Ok(names.into_iter().map(manifest).collect())
}

/// Reads the manifest of a plugin.
///
/// # Errors
/// The manifest cannot be read or is not valid.
fn read_manifest(directory: &Path, name: &str) -> Result<Manifest, PluginError> {
    let path = directory.join(name).join(MANIFEST);
    let text = read_text(&path).map_err(|error| {
        let problem = format!("{} cannot be read", path.display());
        PluginError::new(PluginErrorCode::LoadFailed, name, problem).with_cause(error)
    })?;
    Manifest::parse(name, &String::from_utf8_lossy(&text))
}

/// Returns the names of a plugin and of its dependencies in the order of their load.
///
/// # Errors
/// As for [`Plugins::order_for`].
fn order_for(directory: &Path, name: String) -> Result<Vec<String>, PluginError> {
    let (mut found, mut waiting) = (BTreeMap::new(), vec![name]);
    while let Some(name) = waiting.pop() {
        if found.contains_key(&name) {
            continue;
        }
        check_folder(directory, &name)?;
        let dependencies = read_manifest(directory, &name)?.dependencies;
        waiting.extend(dependencies.iter().cloned());
        found.insert(name, dependencies);
    }
    load_order(&found).map_err(order_error)
}

/// Checks that a plugin has a folder.
///
/// # Errors
/// It has none: `PLUGIN_NOT_FOUND`.
pub(super) fn check_folder(directory: &Path, name: &str) -> Result<(), PluginError> {
    if is_name(name) && directory.join(name).is_dir() {
        return Ok(());
    }
    let problem = format!("does not have a folder in {}", directory.display());
    Err(PluginError::new(PluginErrorCode::NotFound, name, problem))
}

/// Returns the dependencies of each plugin.
///
/// # Errors
/// A manifest is not valid.
fn dependencies(manifests: Manifests) -> Result<BTreeMap<String, Vec<String>>, PluginError> {
    let manifests = manifests.into_iter();
    manifests
        .map(|(name, manifest)| Ok((name, manifest?.dependencies)))
        .collect()
}
