use std::collections::BTreeSet;

use seaworthy_core::context;

use super::{Inner, Plugins, SOURCE};
use crate::{
    Event, EventType, PluginError, PluginErrorCode, PluginFailure, PluginInfo,
    folder::is_missing_folder, plugin::Plugin,
};

impl Plugins {
    /// Publishes that a plugin cannot be loaded or reloaded, or that the whole folder cannot be
    /// read. Keeps the failure of a plugin for operators. Does nothing for a name that is neither
    /// loaded nor has a folder, because it may be any text of a request.
    ///
    /// Publishes a repeated failure only if an operator requested the change. The service repeats
    /// failed loads at each change of the folder, and their events could fill the queue of the
    /// audit log.
    pub(super) fn announce_failure(&self, plugin: Option<&str>, error: &PluginError) {
        let mut event = failure_event(error);
        if let Some(plugin) = plugin {
            let has_folder = error.code() != PluginErrorCode::NotFound;
            if !has_folder && self.plugin(plugin).is_err() {
                return;
            }
            event = event.with_data("plugin", plugin);
            if has_folder && self.keep_failure(plugin, error) && !has_actor() {
                return;
            }
        }
        self.publish(event);
    }

    /// Keeps the failure of a plugin. Returns true if the last one was the same.
    fn keep_failure(&self, plugin: &str, error: &PluginError) -> bool {
        let failure = PluginFailure::from(error);
        let last = self
            .0
            .failures
            .lock()
            .insert(plugin.to_owned(), failure.clone());
        last.is_some_and(|last| last.code == failure.code && last.message == failure.message)
    }

    /// Publishes that a loaded plugin cannot be started.
    pub(super) fn announce_failed_start(&self, plugin: &Plugin, error: &PluginError) {
        let manifest = &plugin.manifest;
        let event = failure_event(error)
            .with_data("plugin", plugin.name())
            .with_data("version", manifest.version.to_string())
            .with_data("sha256", manifest.sha256.as_str());
        self.publish(event);
    }

    /// Replaces the failure of a plugin.
    pub(super) fn set_failure(&self, plugin: &str, failure: Option<PluginFailure>) {
        let mut failures = self.0.failures.lock();
        match failure {
            Some(failure) => drop(failures.insert(plugin.to_owned(), failure)),
            None => drop(failures.remove(plugin)),
        }
    }

    /// Removes the failure of a plugin that was loaded, unloaded or removed.
    pub(super) fn remove_failure(&self, plugin: &str) {
        self.0.failures.lock().remove(plugin);
    }

    /// Removes the failures of plugins whose folder does not exist.
    pub(super) fn remove_failures(&self, has_folder: impl Fn(&str) -> bool) {
        let mut failures = self.0.failures.lock();
        failures.retain(|name, _| has_folder(name));
    }

    /// Removes the failures of plugins whose folder does not exist. Reads the folder.
    pub(super) async fn remove_stale_failures(&self) {
        let names: Vec<String> = self.0.failures.lock().keys().cloned().collect();
        if names.is_empty() {
            return;
        }
        let directory = self.0.config.directory.clone();
        let is_gone = move |name: &String| is_missing_folder(&directory.join(name));
        let read = move || names.into_iter().filter(is_gone).collect();
        let gone: BTreeSet<String> = tokio::task::spawn_blocking(read).await.unwrap_or_default();
        self.remove_failures(|name| !gone.contains(name));
    }

    /// Returns the states of the plugins that are not loaded, because their load failed or runs.
    pub(super) fn list_unloaded(&self) -> Vec<PluginInfo> {
        let mut names: BTreeSet<String> = self.0.failures.lock().keys().cloned().collect();
        if let Some(plugin) = &*self.0.initializing.lock() {
            names.insert(plugin.name().to_owned());
        }
        let states = names.iter().filter_map(|name| self.get_unloaded(name));
        states.collect()
    }

    /// Returns the state of a plugin that is not loaded, because its load failed or runs.
    pub(super) fn get_unloaded(&self, name: &str) -> Option<PluginInfo> {
        if self.plugin(name).is_ok() {
            return None;
        }
        let initializing = self.0.initializing.lock().clone();
        if let Some(plugin) = initializing.filter(|plugin| plugin.name() == name) {
            return Some(plugin.info());
        }
        let failure = self.0.failure(name)?;
        let path = self.0.config.directory.join(name);
        Some(PluginInfo::for_failed_load(name, path, failure))
    }
}

impl Inner {
    /// Returns the failure of the last load or reload of a plugin.
    pub(crate) fn failure(&self, plugin: &str) -> Option<PluginFailure> {
        self.failures.lock().get(plugin).cloned()
    }
}

/// Returns true if the current request has an actor.
fn has_actor() -> bool {
    context::with_current(|context| context.is_some_and(|context| context.actor().is_some()))
}

fn failure_event(error: &PluginError) -> Event {
    Event::new(EventType::PLUGIN_ERROR, SOURCE)
        .with_data("problem", error.describe())
        .with_data("code", error.code().as_str())
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
    };

    use seaworthy_core::{Actor, RequestContext, ServiceIdentity};

    use super::*;
    use crate::host::tests::{TestService, start};

    #[tokio::test(flavor = "multi_thread")]
    async fn repeated_failure_of_the_folder_is_published_once_plug_1() {
        let TestService {
            service,
            plugins,
            folder,
        } = start(&[]).await;
        let published = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&published);
        let events = plugins.events();
        events.subscribe("failures", [EventType::PLUGIN_ERROR], move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            std::future::ready(Ok(()))
        });
        let manifest = folder.path().join("broken").join("plugin.toml");
        fs::create_dir(folder.path().join("broken")).unwrap();
        // The last two have another problem than the first two.
        for text in ["name = ", "name = ", "name", "name"] {
            fs::write(&manifest, text).unwrap();
            plugins.valid_order().await.unwrap();
        }
        let request = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"));
        assert!(request.set_actor(Actor::new("admin")));
        let by_operator = context::scope(Arc::new(request), plugins.valid_order());
        by_operator.await.unwrap();
        // The stop delivers the queued events.
        service.stop().await;
        assert_eq!(published.load(Ordering::Relaxed), 3);
    }
}
