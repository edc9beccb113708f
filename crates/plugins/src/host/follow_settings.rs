use std::{collections::BTreeMap, sync::Arc};

use seaworthy_service::Tasks;

use super::Plugins;
use crate::{
    PluginError,
    folder::{FilesHash, Watch, files_hash},
    plugin::Plugin,
};

/// The files of the last attempt for each plugin that did not apply its settings, so that it is not
/// repeated.
pub(super) type Tried = BTreeMap<String, FilesHash>;

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
        let mut tried = Tried::new();
        loop {
            watch.changed().await;
            for plugin in self.loaded() {
                if self.new_settings(&plugin, &mut tried).await.is_some() {
                    self.apply(plugin.name(), &mut tried).await;
                }
            }
            self.remove_stale_failures().await;
        }
    }

    /// Returns the files of a plugin if its settings changed since its load and since the last
    /// attempt.
    async fn new_settings(&self, plugin: &Plugin, tried: &mut Tried) -> Option<FilesHash> {
        let name = plugin.name();
        let now = self.read_hash(name).await.ok()?;
        if now.settings != plugin.files_hash.settings {
            return (tried.get(name) != Some(&now)).then_some(now);
        }
        // The files of the loaded version were restored after a failed attempt.
        if tried.remove(name).is_some_and(|failed| failed != now) {
            self.remove_failure(name);
        }
        None
    }

    /// Reloads a plugin with its new settings, unless its other files changed, too.
    pub(super) async fn apply(&self, name: &str, tried: &mut Tried) {
        let _turn = self.0.loads.lock().await;
        // An update or a reload before the lock may have applied or restored the files.
        let Ok(plugin) = self.plugin(name) else {
            return;
        };
        let Some(now) = self.new_settings(&plugin, tried).await else {
            return;
        };
        if now.code != plugin.files_hash.code {
            tracing::warn!(
                plugin = name,
                "the settings of a plugin wait for its reload, because its files changed"
            );
            tried.insert(name.to_owned(), now);
            return;
        }
        match self.reload_locked(name).await {
            Ok(()) => drop(tried.remove(name)),
            Err(error) => {
                self.log_failure(Some(name), "reloaded", Err(&error));
                tried.insert(name.to_owned(), now);
            }
        }
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
