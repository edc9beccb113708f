use std::sync::Arc;

use super::{
    Plugins,
    dependencies::{check_dependencies, check_started},
    lifecycle::step,
    retire::{end_replaced, stop_unused},
};
use crate::{
    EventType, PluginError, PluginErrorCode, PluginStatus, plugin::Plugin, runtime::LifecycleStep,
};

impl Plugins {
    /// Loads a plugin again and replaces the running version. A request that began before uses the
    /// old version for at most `plugins.drain_timeout`. If the new version cannot be started, the
    /// old one stays.
    ///
    /// The reload does not start a plugin that was never started or that an operator stopped. A
    /// reload that is requested while another one runs follows it, and continues if its caller
    /// stops waiting.
    ///
    /// # Errors
    /// The plugin is not loaded, or the new version cannot be loaded or started.
    pub async fn reload(&self, name: &str) -> Result<(), PluginError> {
        let plugin = name.to_owned();
        let loads = Arc::clone(&self.0.loads);
        self.change(loads, Some(name), |plugins| async move {
            plugins.reload_locked(&plugin).await
        })
        .await
    }

    /// Needs the lock `loads`.
    pub(super) async fn reload_locked(&self, name: &str) -> Result<(), PluginError> {
        let was_disabled = self.plugin(name)?.is_disabled_by_newer_settings();
        let new = self.prepare(name).await?;
        let replaced = self.replace(&new, was_disabled).await;
        if replaced.is_err() {
            self.discard(&new).await;
        }
        replaced
    }

    /// Replaces the running version of a plugin by an initialized one. Needs the lock `loads`.
    /// `was_disabled` is whether newer settings already disabled the running version when the
    /// reload began.
    ///
    /// # Errors
    /// The plugin is not loaded, or the new version cannot be started. It is not discarded.
    async fn replace(&self, new: &Arc<Plugin>, was_disabled: bool) -> Result<(), PluginError> {
        let name = new.name();
        let mut is_started = false;
        loop {
            let change = self.0.changes.take(name).await;
            // Operators may have stopped or unloaded plugins since the last check.
            let old = self.plugin(name)?;
            let checked = check_dependencies(&self.0.loaded.lock(), new);
            checked.inspect_err(|error| self.announce_failure(Some(name), error))?;
            new.set_active(old.is_active());
            // The settings that disabled the running version meanwhile are newer than those of this
            // one.
            let is_disabled = old.is_disabled_by_newer_settings() && !was_disabled;
            new.set_disabled_by_newer_settings(is_disabled);
            let starts = old.is_active() && new.is_enabled_by_settings();
            if starts == is_started {
                return self.swap_locked(new, is_started);
            }
            // An operator can stop the running version during a step of the new one.
            drop(change);
            if starts {
                self.start_beside(new).await?;
            } else {
                stop_unused(new).await;
                new.set_status(PluginStatus::Stopped);
            }
            is_started = starts;
        }
    }

    /// Replaces the running version of a plugin. Needs the locks `loads` and `changes`.
    /// `is_started` is whether the new version is started.
    ///
    /// # Errors
    /// A dependency stopped during the start.
    fn swap_locked(&self, new: &Arc<Plugin>, is_started: bool) -> Result<(), PluginError> {
        let name = new.name();
        let was_available = self.is_available(name);
        let old = self
            .swap(new, is_started)
            .inspect_err(|error| self.announce_failure(Some(name), error))?;
        self.remove_failure(name);
        self.announce_availability(name, was_available);
        if let Some(old) = old {
            let was_started = old.status() == PluginStatus::Started;
            if !is_started {
                // Earlier requests do not call a plugin that its settings disable either.
                end_replaced(&mut self.0.loaded.lock(), name);
            }
            // A version that was stopped has no requests.
            self.retire(old, is_started && was_started);
            match (was_started, is_started) {
                (true, false) => self.announce(EventType::PLUGIN_STOPPED, name),
                (false, true) => self.announce(EventType::PLUGIN_STARTED, name),
                _ => {}
            }
        }
        self.announce(EventType::CONFIG_CHANGED, name);
        tracing::info!(plugin = name, version = %new.manifest.version, "plugin reloaded");
        Ok(())
    }

    /// Starts a new version of a plugin. The service does not call its hooks and handlers yet.
    ///
    /// # Errors
    /// A dependency is not started, or the plugin fails to start. Publishes the error.
    async fn start_beside(&self, new: &Arc<Plugin>) -> Result<(), PluginError> {
        self.wait_for_dependencies(new).await;
        let checked = check_started(&self.0.loaded.lock(), new, true);
        let started = match checked {
            Ok(()) => step(new, LifecycleStep::Start, PluginErrorCode::StartFailed).await,
            Err(error) => Err(error),
        };
        started.inspect_err(|error| self.announce_failure(Some(new.name()), error))
    }
}
