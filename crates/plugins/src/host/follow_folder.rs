use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use futures::future::join_all;
use seaworthy_service::Tasks;

use super::{Plugins, missing_folders::Removals, telemetry::FolderRead};
use crate::{
    PluginError,
    folder::{
        AppliedHashes, FilesHash, FolderSnapshot, Watch, hashes, read_snapshot, unreadable_folder,
    },
};

/// The state of the plugin folder that the service has applied.
pub(super) struct Followed {
    /// The files of the last changes that were tried.
    pub(super) tried: FolderSnapshot,
    applied: AppliedHashes,
    removals: Removals,
}

impl Followed {
    /// Begins with the files from which all plugins were loaded.
    pub(super) fn new(loaded: FolderSnapshot) -> Self {
        Self {
            applied: hashes(&loaded),
            tried: loaded,
            removals: Removals::default(),
        }
    }
}

impl Plugins {
    /// Loads and starts all plugins of the folder in the order of their dependencies. The load
    /// continues if its caller stops waiting.
    ///
    /// # Errors
    /// The folder cannot be read, dependencies are missing or circular, a plugin cannot be started,
    /// or the service stops.
    pub async fn load_folder(&self) -> Result<(), PluginError> {
        let loads = Arc::clone(&self.0.loads);
        self.change(loads, None, |plugins| async move {
            plugins.load_folder_locked().await
        })
        .await
    }

    /// Needs the lock `loads`.
    async fn load_folder_locked(&self) -> Result<(), PluginError> {
        for name in self.order().await? {
            if self.plugin(&name).is_err() {
                self.load_locked(&name).await?;
            }
            self.start_if_enabled(&name).await?;
        }
        Ok(())
    }

    /// Loads the plugins of the folder and watches the folder for changes.
    ///
    /// # Errors
    /// As for [`load_folder`](Self::load_folder).
    pub(super) async fn follow_folder(&self, tasks: &Tasks) -> Result<(), PluginError> {
        // Read the folder first, so that a change during the load causes a reload.
        let seen = self.read_snapshot().await.unwrap_or_default();
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

    async fn follow(&self, tried: FolderSnapshot) {
        let folders = self.folders();
        let watch = Watch::new(&folders);
        let mut followed = Followed::new(tried);
        let mut is_readable = true;
        loop {
            watch.changed().await;
            let was_readable = is_readable;
            let now = match self.read_snapshot().await {
                Ok(now) => now,
                // If the folder cannot be read, its plugins stay loaded. Log only the first
                // failure.
                Err(error) => {
                    is_readable = false;
                    self.0.observation.record_folder_read(FolderRead::Failed);
                    if was_readable {
                        self.log_failure(None, "loaded", Err(&error));
                        self.announce_failure(None, &error);
                    }
                    continue;
                }
            };
            is_readable = true;
            let is_changed = now != followed.tried;
            let removed = followed
                .removals
                .update(&self.without_folder(&now), is_changed);
            if !is_changed && removed.is_empty() {
                self.0.observation.record_folder_read(FolderRead::Unchanged);
                continue;
            }
            self.0.observation.record_folder_read(FolderRead::Changed);
            let _turn = self.0.loads.lock().await;
            // Read again, because an operator may have loaded a new plugin before the lock.
            if let Ok(now) = self.read_snapshot().await {
                let order = self.valid_order().await;
                self.apply_locked(&mut followed, now, order, removed).await;
            }
        }
    }

    /// Returns the loaded plugins that are not in the folder.
    fn without_folder(&self, now: &FolderSnapshot) -> BTreeSet<String> {
        let loaded = self.loaded().into_iter();
        let names = loaded.map(|plugin| plugin.name().to_owned());
        names.filter(|name| !now.contains_key(name)).collect()
    }

    fn folders(&self) -> [PathBuf; 2] {
        let config = &self.0.config;
        [config.directory.clone(), config.config_directory.clone()]
    }

    pub(super) async fn read_snapshot(&self) -> Result<FolderSnapshot, PluginError> {
        let [directory, configs] = self.folders();
        let problem = unreadable_folder(&directory);
        let profile = self.0.profile;
        let read =
            tokio::task::spawn_blocking(move || read_snapshot(&directory, &configs, profile)).await;
        let read = read.map_err(std::io::Error::other).flatten();
        read.map_err(|error| PluginError::for_folder(problem).with_cause(error))
    }

    /// Loads new plugins, reloads changed ones, and unloads `removed`. If a load fails, the
    /// old version stays and the error is logged. The next change of the folder repeats the load.
    /// If the `order` of loads is unknown, the next poll repeats all of them.
    pub(super) async fn apply_locked(
        &self,
        followed: &mut Followed,
        now: FolderSnapshot,
        order: Result<Vec<String>, PluginError>,
        mut removed: Vec<String>,
    ) {
        removed.retain(|name| !now.contains_key(name));
        self.unload_removed(removed).await;
        self.remove_failures(|name| now.contains_key(name));
        let applied = &mut followed.applied;
        applied.retain(|name, _| now.contains_key(name));
        let order = match order {
            Ok(order) => order,
            Err(error) => {
                self.log_failure(None, "loaded", Err(&error));
                return;
            }
        };
        for name in order {
            let Some(hash) = now.get(&name).map(|files| &files.hash) else {
                continue;
            };
            // An operator may have loaded the same files, or restored them after an error.
            if self.has_loaded(&name, hash) {
                self.remove_failure(&name);
                applied.insert(name, hash.clone());
                continue;
            }
            if applied.get(&name) == Some(hash) {
                continue;
            }
            let result = match self.plugin(&name).is_ok() {
                true => self.reload_locked(&name).await,
                false => self.load_and_start(&name).await,
            };
            applied.remove(&name);
            if result.is_ok() {
                applied.insert(name.clone(), hash.clone());
            }
            self.log_failure(Some(&name), "loaded", result.as_ref().map(drop));
        }
        followed.tried = now;
    }

    /// Returns true if a plugin was loaded from files with this hash, and does not need another
    /// start.
    fn has_loaded(&self, name: &str, hash: &FilesHash) -> bool {
        let plugin = self.plugin(name);
        plugin.is_ok_and(|plugin| plugin.files_hash == *hash && plugin.is_settled())
    }

    /// Unloads plugins, each one after its dependents, and others concurrently.
    async fn unload_removed(&self, mut removed: Vec<String>) {
        while !removed.is_empty() {
            let is_free = |name: &String| self.dependents(name).is_empty();
            let (mut free, needed) = removed.into_iter().partition::<Vec<_>, _>(is_free);
            removed = needed;
            if free.is_empty() {
                // A plugin of the folder depends on all of them, so each unload fails.
                free = std::mem::take(&mut removed);
            }
            let unloads = free.iter().map(|name| async move {
                let _change = self.0.changes.take(name).await;
                let unloaded = self.unload_locked(name).await;
                if unloaded.is_ok() {
                    tracing::warn!(
                        plugin = name,
                        "a plugin was unloaded, because it has no manifest"
                    );
                }
                self.log_failure(Some(name), "unloaded", unloaded.as_ref().map(drop));
            });
            join_all(unloads).await;
        }
    }

    async fn load_and_start(&self, name: &str) -> Result<(), PluginError> {
        self.load_locked(name).await?;
        self.start_if_enabled(name).await
    }

    /// Starts a loaded plugin. If its settings disable it, a later reload that enables it starts
    /// it.
    ///
    /// # Errors
    /// The plugin is not loaded, or cannot be started.
    pub(super) async fn start_if_enabled(&self, name: &str) -> Result<(), PluginError> {
        let _change = self.0.changes.take(name).await;
        let plugin = self.plugin(name)?;
        plugin.set_active(true);
        match plugin.is_enabled_by_settings() {
            true => self.start_locked(name, true).await,
            false => Ok(()),
        }
    }

    /// Logs the error of a result. `plugin` is `None` for an error of the whole folder.
    pub(super) fn log_failure(
        &self,
        plugin: Option<&str>,
        action: &str,
        result: Result<(), &PluginError>,
    ) {
        let Err(error) = result else {
            return;
        };
        let problem = error.describe();
        match plugin {
            Some(plugin) => {
                tracing::error!(plugin, action, problem, "a plugin could not be changed");
            }
            None => tracing::error!(problem, "the plugin folder cannot be read"),
        }
    }
}
