use std::collections::BTreeSet;

use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use seaworthy_service::{Component, Stage};
use tokio::time::timeout;

use super::{Plugins, end::clean_up};
use crate::PluginStatus;

/// Stops the plugins after all parts of the service that call them.
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

    fn running(&self) -> Vec<String> {
        self.0.loaded_names().into_iter().collect()
    }

    fn abort(&self) {}
}

impl Plugins {
    /// Stops and unloads all plugins, each one before its dependencies, and the others concurrently.
    /// All of them share one timeout. No component subscribes any more, so this publishes no events.
    pub(crate) async fn shut_down(&self) {
        let ended = timeout(self.0.shutdown_timeout, self.end_all());
        if ended.await.is_err() {
            let plugins = self.loaded_names().into_iter().collect::<Vec<_>>();
            let plugins = plugins.join(", ");
            tracing::error!(plugins, "plugins did not stop before the timeout");
        }
    }

    async fn end_all(&self) {
        let mut waiting = self.loaded_names();
        let mut running = FuturesUnordered::new();
        loop {
            let free = waiting.extract_if(.., |name| self.dependents(name).is_empty());
            running.extend(free.map(|name| self.end(name)));
            if running.next().await.is_none() {
                // The dependencies of loaded plugins are not circular, so none waits here.
                return;
            }
        }
    }

    /// Stops and unloads a plugin without loaded dependents.
    async fn end(&self, name: String) {
        let _change = self.0.changes.take(&name).await;
        let Ok(plugin) = self.plugin(&name) else {
            return;
        };
        if plugin.status() == PluginStatus::Started
            && let Err(error) = self.halt(&plugin).await
        {
            tracing::warn!(plugin = name, problem = %error, "a plugin failed to stop");
        }
        clean_up(&plugin).await;
        self.0.loaded.lock().remove(&name);
    }

    fn loaded_names(&self) -> BTreeSet<String> {
        self.0.loaded.lock().keys().cloned().collect()
    }
}
