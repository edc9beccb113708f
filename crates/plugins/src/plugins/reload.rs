use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::SystemTime,
};

use seaworthy_config::Profile;
use seaworthy_service::Tasks;

use super::{Plugins, life::step};
use crate::{
    EventType, Manifest, PluginError, PluginErrorCode, PluginStatus,
    folder::{COMPONENT, MANIFEST, SIGNATURE, Watch, config_files, read_text, scan, sha256_hex},
    registry::load_order,
    runtime::LifecycleStep,
};

/// The files of each plugin of the folder, by its name.
type Seen = BTreeMap<String, Files>;

/// The hash of each plugin at its last load, by its name.
type Applied = BTreeMap<String, String>;

/// The manifest of each plugin of the folder, or its error.
type Manifests = Vec<(String, Result<Manifest, PluginError>)>;

/// The files of a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Files {
    /// A hash of the manifest, the signature and the settings. Another hash loads the plugin again.
    hash: String,
    /// The length and the modification time of the component. The manifest has its hash, so a
    /// change of the component matters only if the plugin could not be loaded.
    component: Option<(u64, Option<SystemTime>)>,
}

impl Plugins {
    /// Loads and starts all plugins of the folder in the order of their dependencies.
    ///
    /// # Errors
    /// The folder cannot be read, the order does not exist, or a plugin cannot be started.
    pub async fn load_folder(&self) -> Result<(), PluginError> {
        let _change = self.0.changes.lock().await;
        for name in self.order().await? {
            if self.plugin(&name).is_err() {
                self.load_locked(&name).await?;
            }
            self.start_if_enabled(&name).await?;
        }
        Ok(())
    }

    /// Loads a plugin again and starts it in place of the version that runs. Requests that began
    /// before use the version of their begin until their end. If the new version cannot be started,
    /// the old one stays. A plugin that was not started, or that an operator stopped, is not started.
    ///
    /// # Errors
    /// The new version cannot be loaded or started.
    pub async fn reload(&self, name: &str) -> Result<(), PluginError> {
        let _change = self.0.changes.lock().await;
        self.reload_locked(name).await
    }

    async fn reload_locked(&self, name: &str) -> Result<(), PluginError> {
        let old = self.plugin(name)?;
        let new = self.prepare(name).await?;
        self.check_dependencies(&new)?;
        // A plugin that failed to start, or that its settings disabled, starts with the change.
        new.set_active(old.is_active());
        let starts = new.file.enabled && old.is_active();
        if starts {
            self.check_started(&new)?;
            step(&new, LifecycleStep::Start, PluginErrorCode::StartFailed).await?;
            new.set_status(PluginStatus::Started);
        }
        if let Some(old) = self.swap(&new) {
            old.set_status(PluginStatus::Stopped);
            for last in [LifecycleStep::Stop, LifecycleStep::Cleanup] {
                if let Err(error) = step(&old, last, PluginErrorCode::StopFailed).await {
                    tracing::warn!(plugin = name, problem = %error, "an old version of a plugin failed to stop");
                }
            }
        }
        self.announce(EventType::CONFIG_CHANGED, name);
        tracing::info!(plugin = name, version = %new.manifest.version, "plugin reloaded");
        Ok(())
    }

    /// Returns the plugins of the folder in the order of their dependencies.
    async fn order(&self) -> Result<Vec<String>, PluginError> {
        let found = dependencies(self.manifests().await?)?;
        load_order(&found).map_err(|error| {
            let plugin = error.plugin().to_owned();
            PluginError::new(PluginErrorCode::Dependency, plugin, error.to_string())
        })
    }

    /// Returns a plugin and what it depends on, in the order of their load.
    pub(crate) async fn order_for(&self, name: &str) -> Result<Vec<String>, PluginError> {
        let directory = self.0.config.directory.clone();
        let found = dependencies(self.manifests().await?)?;
        let mut needed = vec![name.to_owned()];
        let mut next = 0;
        while let Some(plugin) = needed.get(next) {
            let Some(dependencies) = found.get(plugin) else {
                return Err(PluginError::new(
                    PluginErrorCode::NotFound,
                    plugin,
                    format!("has no folder in {}", directory.display()),
                ));
            };
            let new = dependencies.iter().filter(|name| !needed.contains(name));
            let new: Vec<String> = new.cloned().collect();
            needed.extend(new);
            next += 1;
        }
        let mut order = self.order().await?;
        order.retain(|plugin| needed.contains(plugin));
        Ok(order)
    }

    /// Loads the plugins of the folder and watches the folder for changes.
    ///
    /// # Errors
    /// As for [`load_folder`](Self::load_folder).
    pub(super) async fn follow_folder(&self, tasks: &Tasks) -> Result<(), PluginError> {
        // Read before the load, so that a change during the load causes a reload.
        let seen = self.seen().await.unwrap_or_default();
        self.load_folder().await?;
        let plugins = self.clone();
        tasks.supervise("plugin-folder", move |stop| {
            let (plugins, seen) = (plugins.clone(), seen.clone());
            async move {
                tokio::select! {
                    () = plugins.follow(seen) => {}
                    () = stop.requested() => {}
                }
            }
        });
        Ok(())
    }

    async fn follow(&self, mut tried: Seen) {
        let folders = self.folders();
        let watch = Watch::new(&folders);
        let mut applied = hashes(&tried);
        let mut is_readable = true;
        loop {
            watch.changed().await;
            let was_readable = is_readable;
            let now = match self.seen().await {
                Ok(now) => now,
                // If the folder cannot be read, its plugins stay loaded.
                Err(error) => {
                    is_readable = false;
                    if was_readable {
                        tracing::error!(problem = %error, "the plugin folder cannot be read");
                    }
                    continue;
                }
            };
            is_readable = true;
            if now != tried {
                applied = self.apply(applied, &now).await;
                tried = now;
            }
        }
    }

    fn folders(&self) -> [PathBuf; 2] {
        let config = &self.0.config;
        [config.directory.clone(), config.config_directory.clone()]
    }

    async fn seen(&self) -> std::io::Result<Seen> {
        let [directory, configs] = self.folders();
        let profile = self.0.profile;
        let read = tokio::task::spawn_blocking(move || seen(&directory, &configs, profile));
        read.await.map_err(std::io::Error::other)?
    }

    /// Loads what is new, reloads what changed, and unloads what is gone. A plugin that cannot be
    /// loaded changes nothing and is logged. Returns the hashes of the changes that succeeded, so
    /// that the next change of the folder repeats the others.
    async fn apply(&self, mut applied: Applied, now: &Seen) -> Applied {
        let _change = self.0.changes.lock().await;
        self.unload_removed(now).await;
        applied.retain(|name, _| now.contains_key(name));
        let order = match self.valid_order().await {
            Ok(order) => order,
            Err(error) => {
                self.log(error.plugin(), "ordered", Err(&error));
                return applied;
            }
        };
        for name in order {
            let hash = now.get(&name).map(|files| &files.hash);
            if applied.get(&name) == hash {
                continue;
            }
            let result = match self.plugin(&name).is_ok() {
                true => self.reload_locked(&name).await,
                false => self.load_and_start(&name).await,
            };
            applied.remove(&name);
            if let (Ok(()), Some(hash)) = (&result, hash) {
                applied.insert(name.clone(), hash.clone());
            }
            self.log(&name, "loaded", result);
        }
        applied
    }

    /// Returns the plugins of the folder in the order of their dependencies, without those whose
    /// manifest or dependencies are not valid.
    async fn valid_order(&self) -> Result<Vec<String>, PluginError> {
        let (mut found, mut invalid) = (BTreeMap::new(), Vec::new());
        for (name, manifest) in self.manifests().await? {
            match manifest {
                Ok(manifest) => {
                    found.insert(name, manifest.dependencies);
                }
                Err(error) => {
                    self.log(&name, "loaded", Err(error));
                    // The version that runs can be a dependency of other plugins.
                    if let Ok(plugin) = self.plugin(&name) {
                        found.insert(name.clone(), plugin.manifest.dependencies.clone());
                    }
                    invalid.push(name);
                }
            }
        }
        loop {
            match load_order(&found) {
                Ok(mut order) => {
                    order.retain(|name| !invalid.contains(name));
                    return Ok(order);
                }
                Err(error) => {
                    self.log(error.plugin(), "loaded", Err(&error));
                    if found.remove(error.plugin()).is_none() {
                        return Ok(Vec::new());
                    }
                }
            }
        }
    }

    async fn manifests(&self) -> Result<Manifests, PluginError> {
        let directory = self.0.config.directory.clone();
        let found = tokio::task::spawn_blocking(move || manifests(&directory)).await;
        let failed = |problem: String| PluginError::new(PluginErrorCode::LoadFailed, "*", problem);
        found.map_err(|error| failed(error.to_string()))?
    }

    /// Unloads the plugins that are not in the folder, each after those that depend on it.
    async fn unload_removed(&self, now: &Seen) {
        let loaded = self.list().into_iter().map(|info| info.metadata.name);
        let mut removed: Vec<String> = loaded.filter(|name| !now.contains_key(name)).collect();
        while !removed.is_empty() {
            let is_free = |name: &String| self.dependents(name).is_empty();
            let next = removed.iter().position(is_free).unwrap_or_default();
            let name = removed.swap_remove(next);
            self.log(&name, "unloaded", self.unload_locked(&name).await);
        }
    }

    async fn load_and_start(&self, name: &str) -> Result<(), PluginError> {
        self.load_locked(name).await?;
        self.start_if_enabled(name).await
    }

    /// Starts a loaded plugin. If its settings disable it, the reload that enables it starts it.
    async fn start_if_enabled(&self, name: &str) -> Result<(), PluginError> {
        let plugin = self.plugin(name)?;
        plugin.set_active(true);
        match plugin.file.enabled {
            true => self.start_locked(name).await,
            false => Ok(()),
        }
    }

    fn log<E: std::fmt::Display>(&self, plugin: &str, action: &str, result: Result<(), E>) {
        if let Err(error) = result {
            tracing::error!(plugin, action, problem = %error, "a plugin could not be changed");
        }
    }
}

/// Reads the manifest of each plugin.
///
/// # Errors
/// The folder cannot be read.
fn manifests(directory: &Path) -> Result<Manifests, PluginError> {
    let names = scan(directory).map_err(|error| {
        let problem = format!("the plugin folder {} cannot be read", directory.display());
        PluginError::new(PluginErrorCode::LoadFailed, "*", problem).because(error)
    })?;
    let manifest = |name: String| {
        let text = read_text(&directory.join(&name).join(MANIFEST)).map_err(|error| {
            let problem = format!("{MANIFEST} cannot be read");
            PluginError::new(PluginErrorCode::LoadFailed, &name, problem).because(error)
        });
        let manifest = text.and_then(|text| Manifest::parse(&String::from_utf8_lossy(&text)));
        (name, manifest)
    };
    Ok(names.into_iter().map(manifest).collect())
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

fn hashes(seen: &Seen) -> Applied {
    let hash = |(name, files): (&String, &Files)| (name.clone(), files.hash.clone());
    seen.iter().map(hash).collect()
}

/// Returns the files of each plugin that decide about its load.
///
/// # Errors
/// The folder cannot be read.
fn seen(directory: &Path, configs: &Path, profile: Profile) -> std::io::Result<Seen> {
    let names = scan(directory)?;
    let files = |name: String| {
        let plugin = directory.join(&name);
        let mut content = Vec::new();
        let own = [plugin.join(MANIFEST), plugin.join(SIGNATURE)];
        let settings = config_files(configs, profile, &name);
        for file in own.into_iter().chain(settings) {
            content.extend(read_text(&file).unwrap_or_default());
            content.push(0);
        }
        let component = plugin.join(COMPONENT).metadata().ok();
        let files = Files {
            hash: sha256_hex(&content),
            component: component.map(|file| (file.len(), file.modified().ok())),
        };
        (name, files)
    };
    Ok(names.into_iter().map(files).collect())
}
