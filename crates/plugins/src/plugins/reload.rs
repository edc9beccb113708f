use std::sync::Arc;

use super::{
    Plugins,
    dependencies::{check_dependencies, check_started},
    end::{clean_up, stop_unused},
    life::step,
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
    /// reload that is requested while another one runs follows it, and continues if its caller stops
    /// waiting.
    ///
    /// # Errors
    /// The plugin is not loaded, or the new version cannot be loaded or started.
    pub async fn reload(&self, name: &str) -> Result<(), PluginError> {
        let plugin = name.to_owned();
        self.change(Arc::clone(&self.0.loads), name, |plugins| async move {
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
            clean_up(&new).await;
        }
        replaced
    }

    /// Replaces the running version of a plugin by an initialized one. Needs the lock `loads`.
    /// `was_disabled` is whether newer settings already disabled the running version when the
    /// reload began.
    ///
    /// # Errors
    /// The plugin is not loaded, or the new version cannot be started. Its `cleanup` is not called.
    async fn replace(&self, new: &Arc<Plugin>, was_disabled: bool) -> Result<(), PluginError> {
        let name = new.name();
        let mut change = self.0.changes.take(name).await;
        // An operator may have stopped or unloaded plugins during the compilation.
        let running = self.plugin(name)?;
        let checked = check_dependencies(&self.0.loaded.lock(), new);
        checked.inspect_err(|error| self.announce_failure(Some(name), error))?;
        let is_running = running.status() == PluginStatus::Started && running.is_active();
        let is_started = is_running && new.settings.enabled;
        if is_started {
            // An operator can stop the running version while the new one starts.
            drop(change);
            self.start_beside(new).await?;
            change = self.0.changes.take(name).await;
        }
        let swapped = self.swap_locked(new, is_started, was_disabled).await;
        drop(change);
        swapped
    }

    /// Replaces the running version of a plugin. Needs the locks `loads` and `changes`. `is_started` is
    /// whether the `start` of the new version succeeded.
    ///
    /// # Errors
    /// As for [`replace`](Self::replace).
    async fn swap_locked(
        &self,
        new: &Arc<Plugin>,
        mut is_started: bool,
        was_disabled: bool,
    ) -> Result<(), PluginError> {
        let name = new.name();
        let old = match self.plugin(name) {
            Ok(old) => old,
            Err(error) => {
                // An operator unloaded the plugin during the start.
                stop_if(is_started, new).await;
                return Err(error);
            }
        };
        // A plugin that failed to start, or that its settings disabled, gets another start here.
        new.set_active(old.is_active());
        // The settings that disabled the running version meanwhile are newer than those of this one.
        new.set_disabled_by_newer_settings(old.is_disabled_by_newer_settings() && !was_disabled);
        let starts = old.is_active() && new.is_enabled_by_settings();
        if starts && !is_started {
            self.start_beside(new).await?;
        }
        if is_started && !starts {
            stop_unused(new).await;
            new.set_status(PluginStatus::Stopped);
        }
        is_started = starts;
        let was_available = self.is_available(name);
        let old = match self.swap(new, is_started) {
            Ok(old) => old,
            Err(error) => {
                // A dependency stopped during the start.
                self.announce_failure(Some(name), &error);
                stop_if(is_started, new).await;
                return Err(error);
            }
        };
        self.forget_failure(name);
        if was_available != self.is_available(name) {
            self.announce_dependents(name);
        }
        if let Some(old) = old {
            let was_started = old.status() == PluginStatus::Started;
            // A plugin that its settings disable is not called by earlier requests either. A version
            // that was stopped has no requests.
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

/// Calls the `stop` of a version that is not used, if its `start` succeeded.
async fn stop_if(is_started: bool, new: &Arc<Plugin>) {
    if is_started {
        stop_unused(new).await;
    }
}
