use std::{
    collections::{BTreeMap, BTreeSet},
    pin::pin,
    sync::Arc,
};

use futures::{StreamExt, stream::FuturesUnordered};
use seaworthy_service::Tasks;

use super::{Plugins, end::end_replaced};
use crate::{
    EventType, PluginError, PluginStatus,
    folder::{FilesHash, Watch, files_hash, read_config},
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

    async fn read_hash(&self, name: &str) -> Result<FilesHash, PluginError> {
        let (inner, plugin) = (Arc::clone(&self.0), name.to_owned());
        let read = move || {
            let config = &inner.config;
            let (directory, configs) = (&config.directory, &config.config_directory);
            Ok(files_hash(directory, configs, inner.profile, &plugin))
        };
        self.blocking(name, read).await
    }

    /// Applies `enabled` of the settings of loaded plugins. An operator can thus disable a plugin while
    /// another one is compiled, and if files of plugins have errors or cannot be read.
    pub(super) fn follow_switches(&self, tasks: &Tasks) {
        let plugins = self.clone();
        tasks.supervise("plugin-switches", move |stop| {
            let plugins = plugins.clone();
            async move {
                tokio::select! {
                    () = plugins.apply_switches() => {}
                    () = stop.requested() => {}
                }
            }
        });
    }

    async fn apply_switches(&self) {
        let watch = Watch::new(std::slice::from_ref(&self.0.config.config_directory));
        // The plugins whose switch is being applied. A step of one does not delay the others.
        let mut running = FuturesUnordered::new();
        let mut names = BTreeSet::new();
        loop {
            for plugin in self.loaded() {
                if names.insert(plugin.name().to_owned()) {
                    running.push(self.apply_switch(plugin));
                }
            }
            let mut changed = pin!(watch.changed());
            loop {
                tokio::select! {
                    () = &mut changed => break,
                    Some(name) = running.next() => drop(names.remove(&name)),
                }
            }
        }
    }

    /// Applies `enabled` of the settings of a plugin. Returns its name.
    async fn apply_switch(&self, plugin: Arc<Plugin>) -> String {
        let name = plugin.name().to_owned();
        let is_on = plugin.is_turned_on();
        // A version that its own settings disable needs a reload.
        if !is_on && !plugin.is_turned_off_later() {
            return name;
        }
        // An update restores the file if the plugin rejects it, and the next poll reads it again.
        let Ok(unchanged) = self.0.updates.of(&name).try_lock_owned() else {
            return name;
        };
        let (inner, read) = (Arc::clone(&self.0), name.clone());
        let read = move || read_config(&inner.config, inner.profile, &read);
        let settings = self.blocking(&name, read).await;
        drop(unchanged);
        match settings {
            Ok((config, _)) if config.enabled && !is_on => self.turn_on(&plugin).await,
            Ok((config, _)) if !config.enabled && is_on => self.turn_off(&plugin).await,
            _ => {}
        }
        name
    }

    /// Starts a version again that later settings disabled, if its own settings are restored. A reload
    /// applies other settings.
    async fn turn_on(&self, plugin: &Arc<Plugin>) {
        let name = plugin.name();
        let now = self.read_hash(name).await;
        if now.is_ok_and(|now| now.settings != plugin.files_hash.settings) {
            return;
        }
        let _change = self.0.changes.take(name).await;
        if !self.is_loaded(plugin) {
            return;
        }
        plugin.set_turned_off(false);
        let started = match plugin.is_active() {
            true => self.start_locked(name, true).await,
            false => Ok(()),
        };
        // The settings and the faults of a plugin disable its dependents. A failed start does not.
        self.announce_dependents(name);
        match &started {
            Ok(()) => tracing::info!(plugin = name, "plugin enabled by its settings"),
            Err(error) => self.log_failure(Some(name), "started", Err(error)),
        }
    }

    async fn turn_off(&self, plugin: &Arc<Plugin>) {
        let name = plugin.name();
        let _change = self.0.changes.take(name).await;
        if !self.is_loaded(plugin) {
            return;
        }
        plugin.set_turned_off(true);
        end_replaced(&mut self.0.loaded.lock(), name);
        if plugin.status() == PluginStatus::Started {
            if let Err(error) = self.halt(plugin).await {
                tracing::warn!(plugin = name, problem = %error, "a plugin failed to stop");
            }
            self.announce(EventType::PLUGIN_STOPPED, name);
        }
        self.announce_dependents(name);
        tracing::info!(plugin = name, "plugin disabled by its settings");
    }
}
