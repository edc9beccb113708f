use super::{Plugins, life::step};
use crate::{
    EventType, PluginError, PluginErrorCode, PluginStatus, plugin::Plugin, runtime::LifecycleStep,
};

impl Plugins {
    /// Loads a plugin again and starts it in place of the version that runs. Requests that began
    /// before use the version of their begin until their end. If the new version cannot be started,
    /// the old one stays. A plugin that was not started, or that an operator stopped, is not started.
    ///
    /// # Errors
    /// The new version cannot be loaded or started.
    pub async fn reload(&self, name: &str) -> Result<(), PluginError> {
        let _change = self.0.changes.lock().await;
        self.reload_locked(name).await
    }

    pub(super) async fn reload_locked(&self, name: &str) -> Result<(), PluginError> {
        let old = self.plugin(name)?;
        let new = self.prepare(name).await?;
        // A plugin that failed to start, or that its settings disabled, starts with the change.
        new.set_active(old.is_active());
        if new.file.enabled && old.is_active() {
            let started = self.start_beside(&new).await;
            started.inspect_err(|error| self.announce_failure(Some(name), error))?;
            new.set_status(PluginStatus::Started);
        }
        if let Some(old) = self.swap(&new) {
            old.set_status(PluginStatus::Stopped);
            for last in [LifecycleStep::Stop, LifecycleStep::Cleanup] {
                if let Err(error) = step(&old, last, PluginErrorCode::StopFailed).await {
                    tracing::warn!(plugin = name, problem = %error, "an old version of a plugin failed to stop");
                }
            }
        }
        self.announce(EventType::CONFIG_CHANGED, name);
        tracing::info!(plugin = name, version = %new.manifest.version, "plugin reloaded");
        Ok(())
    }

    /// Starts a new version of a plugin. Its hooks and handlers are not called yet.
    async fn start_beside(&self, new: &std::sync::Arc<Plugin>) -> Result<(), PluginError> {
        self.check_started(new)?;
        step(new, LifecycleStep::Start, PluginErrorCode::StartFailed).await
    }
}
