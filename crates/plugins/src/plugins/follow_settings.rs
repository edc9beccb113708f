use std::{collections::BTreeMap, sync::Arc};

use seaworthy_service::Tasks;

use super::Plugins;
use crate::{
    PluginError,
    folder::{FilesHash, Watch, files_hash},
    plugin::Plugin,
};

impl Plugins {
    /// Applies changes of the settings of loaded plugins, in a service that does not follow the
    /// plugin folder.
    pub(super) fn follow_settings(&self, tasks: &Tasks) {
        let plugins = self.clone();
        tasks.supervise("plugin-settings", move |stop| {
            let plugins = plugins.clone();
            async move {
                tokio::select! {
                    () = plugins.apply_settings() => {}
                    () = stop.requested() => {}
                }
            }
        });
    }

    async fn apply_settings(&self) {
        let watch = Watch::new(std::slice::from_ref(&self.0.config.config_directory));
        // The files of the last attempt, so that a failed one is not repeated.
        let mut tried: BTreeMap<String, FilesHash> = BTreeMap::new();
        loop {
            watch.changed().await;
            for plugin in self.loaded() {
                let name = plugin.name();
                let is_changed = |now: &FilesHash| now.settings != plugin.files_hash.settings;
                let is_new = |now: &FilesHash| is_changed(now) && tried.get(name) != Some(now);
                let Ok(now) = self.read_hash(name).await else {
                    continue;
                };
                if !is_new(&now) {
                    // The files of the loaded version were restored after a failed attempt.
                    if !is_changed(&now) && tried.remove(name).is_some_and(|failed| failed != now) {
                        self.forget_failure(name);
                    }
                    continue;
                }
                let _turn = self.0.loads.lock().await;
                // Read again, because an update may have restored the files before the lock.
                if let Ok(now) = self.read_hash(name).await
                    && is_new(&now)
                {
                    self.apply(&plugin, &now).await;
                    tried.insert(name.to_owned(), now);
                }
            }
            self.forget_removed().await;
        }
    }

    /// Reloads a plugin with its new settings, unless its other files changed, too.
    async fn apply(&self, plugin: &Plugin, now: &FilesHash) {
        let name = plugin.name();
        if now.code != plugin.files_hash.code {
            tracing::warn!(
                plugin = name,
                "the settings of a plugin wait for its reload, because its files changed"
            );
            return;
        }
        let reloaded = self.reload_locked(name).await;
        self.log_failure(Some(name), "reloaded", reloaded.as_ref().map(drop));
    }

    pub(super) async fn read_hash(&self, name: &str) -> Result<FilesHash, PluginError> {
        let (inner, plugin) = (Arc::clone(&self.0), name.to_owned());
        let read = move || {
            let config = &inner.config;
            let (directory, configs) = (&config.directory, &config.config_directory);
            Ok(files_hash(directory, configs, inner.profile, &plugin))
        };
        self.blocking(name, read).await
    }
}
