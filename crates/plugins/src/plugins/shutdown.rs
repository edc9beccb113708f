use std::time::Duration;

use futures::{FutureExt, future::BoxFuture};
use seaworthy_service::{Component, Stage};
use tokio::time::timeout;

use super::{Plugins, end::clean_up};
use crate::{PluginStatus, load_order::load_order};

/// Stops the plugins after all parts of the service that call them.
pub(super) struct Shutdown {
    pub(super) plugins: Plugins,
    /// The maximum time of the last steps of all plugins.
    pub(super) timeout: Duration,
}

impl Component for Shutdown {
    fn name(&self) -> &str {
        "plugins"
    }

    fn stage(&self) -> Stage {
        Stage::Pool
    }

    fn request_stop(&self) {}

    fn stopped(&self) -> BoxFuture<'_, ()> {
        let shut_down = timeout(self.timeout, self.plugins.shut_down());
        let ended = shut_down.map(|ended| {
            if ended.is_err() {
                let plugins = self.running().join(", ");
                tracing::error!(plugins, "plugins did not stop before the timeout");
            }
        });
        ended.boxed()
    }

    fn running(&self) -> Vec<String> {
        let plugins = self.plugins.loaded().into_iter();
        plugins.map(|plugin| plugin.name().to_owned()).collect()
    }

    fn abort(&self) {}
}

impl Plugins {
    /// Stops and unloads all plugins, each one before its dependencies. No component subscribes any
    /// more, so this publishes no events.
    pub(crate) async fn shut_down(&self) {
        let plugins = self.loaded().into_iter();
        let needed = plugins.map(|plugin| {
            let dependencies = plugin.manifest.dependencies.clone();
            (plugin.name().to_owned(), dependencies)
        });
        // The loaded plugins have no missing or circular dependencies.
        let order = load_order(&needed.collect()).unwrap_or_default();
        for name in order.into_iter().rev() {
            let _change = self.0.changes.take(&name).await;
            let Ok(plugin) = self.plugin(&name) else {
                continue;
            };
            if plugin.status() == PluginStatus::Started
                && let Err(error) = self.halt(&plugin).await
            {
                tracing::warn!(plugin = name, problem = %error, "a plugin failed to stop");
            }
            clean_up(&plugin).await;
            self.0.loaded.lock().remove(&name);
        }
    }
}
