use std::{collections::BTreeSet, pin::pin, sync::Arc};

use futures::{StreamExt, stream::FuturesUnordered};
use seaworthy_service::Tasks;

use super::{Plugins, retire::end_replaced};
use crate::{
    EventType, PluginStatus,
    folder::{Watch, read_settings},
    plugin::Plugin,
};

impl Plugins {
    /// Applies `enabled` of the settings of loaded plugins. An operator can thus disable a plugin
    /// while another one is compiled, and if files of plugins have errors or cannot be read.
    pub(super) fn follow_enabled(&self, tasks: &Tasks) {
        let plugins = self.clone();
        tasks.supervise("plugin-enabled", move |stop| {
            let plugins = plugins.clone();
            async move {
                tokio::select! {
                    () = plugins.apply_all_enabled() => {}
                    () = stop.requested() => {}
                }
            }
        });
    }

    async fn apply_all_enabled(&self) {
        let watch = Watch::new(std::slice::from_ref(&self.0.config.config_directory));
        // The plugins whose settings are being applied. A step of one does not delay the others.
        let mut running = FuturesUnordered::new();
        let mut names = BTreeSet::new();
        loop {
            for plugin in self.loaded() {
                if names.insert(plugin.name().to_owned()) {
                    running.push(self.apply_enabled(plugin));
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
    async fn apply_enabled(&self, plugin: Arc<Plugin>) -> String {
        let name = plugin.name().to_owned();
        let is_on = plugin.is_enabled_by_settings();
        // A version that its own settings disable needs a reload.
        if !is_on && !plugin.is_disabled_by_newer_settings() {
            return name;
        }
        let updates = self.0.updates.count();
        let (inner, read) = (Arc::clone(&self.0), name.clone());
        let read = move || read_settings(&inner.config, inner.profile, &read);
        // The next poll reads the files again if these settings are not applied.
        if let Ok((read, _)) = self.blocking(&name, read).await
            && self.0.updates.accept(updates, &name, &read)
        {
            match read.enabled {
                true if !is_on => self.enable_by_settings(&plugin).await,
                false if is_on => self.disable_by_settings(&plugin).await,
                _ => {}
            }
        }
        name
    }

    /// Starts a version again that later settings disabled, if its own settings are restored. A
    /// reload applies other settings.
    async fn enable_by_settings(&self, plugin: &Arc<Plugin>) {
        let name = plugin.name();
        let now = self.read_hash(name).await;
        if now.is_ok_and(|now| now.settings != plugin.files_hash.settings) {
            return;
        }
        let _change = self.0.changes.take(name).await;
        if !self.is_loaded(plugin) {
            return;
        }
        plugin.set_disabled_by_newer_settings(false);
        let started = match plugin.is_active() {
            true => self.start_locked(name, true).await,
            false => Ok(()),
        };
        match &started {
            Ok(()) => tracing::info!(plugin = name, "plugin enabled by its settings"),
            Err(error) => self.log_failure(Some(name), "started", Err(error)),
        }
    }

    async fn disable_by_settings(&self, plugin: &Arc<Plugin>) {
        let name = plugin.name();
        let _change = self.0.changes.take(name).await;
        if !self.is_loaded(plugin) {
            return;
        }
        let was_available = self.is_available(name);
        plugin.set_disabled_by_newer_settings(true);
        end_replaced(&mut self.0.loaded.lock(), name);
        if plugin.status() == PluginStatus::Started {
            if let Err(error) = self.halt(plugin).await {
                tracing::warn!(plugin = name, problem = %error, "a plugin failed to stop");
            }
            self.announce(EventType::PLUGIN_STOPPED, name);
        }
        self.announce_availability(name, was_available);
        tracing::info!(plugin = name, "plugin disabled by its settings");
    }
}
