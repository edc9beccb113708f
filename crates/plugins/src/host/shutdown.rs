use std::{collections::BTreeSet, sync::Arc};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use seaworthy_service::{Component, Stage};
use tokio::time::timeout;

use super::{
    Plugins,
    retire::{clean_up, stop_unused},
};
use crate::{PluginStatus, plugin::Plugin};

/// The component that stops the plugins after all parts of the service that call them.
pub(super) struct Shutdown(pub(super) Plugins);

impl Component for Shutdown {
    fn name(&self) -> &str {
        "plugins"
    }

    fn stage(&self) -> Stage {
        Stage::Pool
    }

    fn request_stop(&self) {}

    fn stopped(&self) -> BoxFuture<'_, ()> {
        self.0.shut_down().boxed()
    }

    fn unfinished_work(&self) -> Vec<String> {
        self.0.unended().into_iter().collect()
    }

    fn abort(&self) {}
}

impl Plugins {
    /// Stops and unloads all plugins, each one before its dependencies, and the others
    /// concurrently. Also ends the versions whose change was interrupted. All of them share one
    /// timeout. Components do not subscribe at this stage, so this publishes no events.
    pub(crate) async fn shut_down(&self) {
        let ended = timeout(self.0.shutdown_timeout, self.end_all()).await;
        let plugins = self.unended().into_iter().collect::<Vec<_>>();
        if !plugins.is_empty() {
            let (plugins, timed_out) = (plugins.join(", "), ended.is_err());
            tracing::error!(
                plugins,
                timed_out,
                "plugins did not end during the shutdown"
            );
        }
    }

    async fn end_all(&self) {
        let detached = self.0.detached.all().into_iter();
        let detached = detached.map(|version| async move { self.discard(&version).await }.boxed());
        let mut running: FuturesUnordered<_> = detached.collect();
        let mut begun = BTreeSet::new();
        loop {
            for name in self.loaded_names() {
                if !self.is_needed(&name) && begun.insert(name.clone()) {
                    running.push(self.end(name).boxed());
                }
            }
            if running.next().await.is_none() {
                // Dependencies are not circular, so no plugin is left here.
                return;
            }
        }
    }

    /// Returns true if another plugin depends on a plugin, or a version that is not loaded does.
    fn is_needed(&self, name: &str) -> bool {
        let needs = |version: &Arc<Plugin>| {
            let mut needed = version.manifest.dependencies.iter();
            needed.any(|dependency| dependency == name)
        };
        !self.dependents(name).is_empty() || self.0.detached.all().iter().any(needs)
    }

    /// Stops and unloads a plugin without loaded dependents.
    async fn end(&self, name: String) {
        let _change = self.0.changes.take(&name).await;
        let Ok(plugin) = self.plugin(&name) else {
            return;
        };
        if plugin.status() == PluginStatus::Started {
            self.unregister(&mut self.0.loaded.lock(), &plugin);
        }
        // An interrupted stop may already have rejected the calls.
        plugin.calls_ended().await;
        stop_unused(&plugin).await;
        clean_up(&plugin).await;
        self.0.loaded.lock().remove(&name);
    }

    fn loaded_names(&self) -> BTreeSet<String> {
        self.0.loaded.lock().keys().cloned().collect()
    }

    /// Returns the names of the plugins with a version that has not ended.
    fn unended(&self) -> BTreeSet<String> {
        let detached = self.0.detached.all().into_iter();
        let mut names = self.loaded_names();
        names.extend(detached.map(|version| version.name().to_owned()));
        names
    }
}
