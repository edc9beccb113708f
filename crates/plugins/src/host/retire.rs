//! The end of a loaded version.

use std::{
    mem,
    sync::{Arc, Weak},
};

use tokio::time::sleep;

use super::{Plugins, dependencies::LoadedPlugins, lifecycle::step};
use crate::{PluginError, PluginErrorCode, plugin::Plugin, runtime::LifecycleStep};

impl Plugins {
    /// Stops a started plugin: rejects its calls, waits for the running ones, and calls its `stop`.
    ///
    /// # Errors
    /// Its `stop` fails. The plugin is stopped anyway.
    pub(super) async fn halt(&self, plugin: &Arc<Plugin>) -> Result<(), PluginError> {
        self.unregister(&mut self.0.loaded.lock(), plugin);
        self.end_calls(plugin).await
    }

    /// Waits for the running calls of a plugin that rejects further ones, and calls its `stop`.
    ///
    /// # Errors
    /// Its `stop` fails.
    pub(super) async fn end_calls(&self, plugin: &Arc<Plugin>) -> Result<(), PluginError> {
        plugin.calls_ended().await;
        last_step(plugin, LifecycleStep::Stop).await
    }

    /// Ends a version that a newer one replaced. With `drains` it first waits for the requests and
    /// events that use it.
    pub(super) fn retire(&self, old: Arc<Plugin>, drains: bool) {
        let (stop, timeout) = (self.0.tasks.stop().clone(), self.0.config.drain_timeout);
        self.0.detached.add(&old);
        let plugins = self.clone();
        let ended = async move {
            if drains {
                tokio::select! {
                    () = old.uses.ended() => {}
                    // An operator stopped the plugin.
                    () = old.retirement.notified() => {}
                    () = sleep(timeout.get()) => {}
                    // The requests end before the tasks of the service stop.
                    () = stop.requested() => {}
                }
            }
            old.retire();
            plugins.discard(&old).await;
        };
        let ended = self.until_stop(ended);
        self.0.tasks.spawn_in_new_context("plugin-retire", ended);
    }

    /// Ends a version that is not loaded. A step of it may run whose change was interrupted.
    pub(super) async fn discard(&self, version: &Arc<Plugin>) {
        version.calls_ended().await;
        stop_unused(version).await;
        clean_up(version).await;
        self.0.detached.remove(version);
    }

    /// Runs work of a task. If the service stops, the work ends in time. Returns `None` then.
    pub(super) fn until_stop<W: Future>(
        &self,
        work: W,
    ) -> impl Future<Output = Option<W::Output>> + use<W> {
        let (stop, timeout) = (self.0.tasks.stop().clone(), self.0.stop_timeout);
        async move {
            let timed_out = async {
                stop.requested().await;
                sleep(timeout).await;
            };
            tokio::select! {
                done = work => Some(done),
                () = timed_out => None,
            }
        }
    }
}

/// Rejects the calls of earlier versions of a plugin, which open requests may still use.
pub(super) fn end_replaced(loaded: &mut LoadedPlugins, name: &str) {
    let entry = loaded.get_mut(name);
    let replaced = entry.map(|entry| mem::take(&mut entry.replaced));
    for version in replaced.iter().flatten().filter_map(Weak::upgrade) {
        version.retire();
    }
}

/// Calls the `stop` of a plugin that is not used, if its `start` succeeded.
pub(super) async fn stop_unused(plugin: &Arc<Plugin>) {
    if let Err(error) = last_step(plugin, LifecycleStep::Stop).await {
        tracing::warn!(plugin = plugin.name(), problem = %error, "a plugin failed to stop");
    }
}

/// Calls the `cleanup` of a stopped plugin, and releases its code.
pub(super) async fn clean_up(plugin: &Arc<Plugin>) {
    plugin.calls_ended().await;
    if let Err(error) = last_step(plugin, LifecycleStep::Cleanup).await {
        tracing::warn!(plugin = plugin.name(), problem = %error, "a plugin failed to clean up");
    }
    plugin.release();
}

/// Calls a last step of a plugin if it needs it, unless its faults disable it.
///
/// # Errors
/// The step fails.
pub(super) async fn last_step(
    plugin: &Arc<Plugin>,
    last: LifecycleStep,
) -> Result<(), PluginError> {
    if plugin.is_disabled_by_faults() || !plugin.needs(last) {
        return Ok(());
    }
    step(plugin, last, PluginErrorCode::StopFailed).await
}
