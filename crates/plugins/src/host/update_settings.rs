use std::sync::Arc;

use super::Plugins;
use crate::{PluginError, PluginErrorCode, PluginInfo, PluginSettings, folder::replace_settings};

impl Plugins {
    /// Returns the settings of a loaded plugin. They may be secret, so do not log or show them.
    ///
    /// # Errors
    /// The plugin is not loaded.
    pub fn settings(&self, name: &str) -> Result<PluginSettings, PluginError> {
        Ok(self.plugin(name)?.settings.clone())
    }

    /// Writes the settings of a plugin to `NAME.yaml` and reloads the plugin with them. If it
    /// rejects them, the previous file and the version that runs stay. The update continues if its
    /// caller stops waiting.
    ///
    /// # Errors
    /// - The plugin is not loaded.
    /// - The file cannot be written.
    /// - Another file or an environment variable overrides the settings.
    /// - The plugin cannot be reloaded with the settings.
    pub async fn update_settings(
        &self,
        name: &str,
        config: &PluginSettings,
    ) -> Result<PluginInfo, PluginError> {
        let (plugin, wanted) = (name.to_owned(), config.clone());
        let loads = Arc::clone(&self.0.loads);
        self.change(loads, Some(name), |plugins| async move {
            plugins.update_locked(&plugin, wanted).await
        })
        .await
    }

    async fn update_locked(
        &self,
        name: &str,
        wanted: PluginSettings,
    ) -> Result<PluginInfo, PluginError> {
        self.plugin(name)?;
        // The plugin may reject these settings, so their `enabled` is not applied meanwhile.
        let _update = self.0.updates.begin(name, &wanted);
        let earlier = self.0.failure(name);
        let (inner, plugin) = (Arc::clone(&self.0), name.to_owned());
        let replaced = self
            .blocking(name, move || {
                replace_settings(&inner.config, inner.profile, &plugin, &wanted)
            })
            .await?;
        if let Err(error) = self.reload_locked(name).await {
            let is_restored = self.blocking(name, move || Ok(replaced.restore())).await?;
            if is_restored {
                // The version that runs has the settings of the restored file.
                self.set_failure(name, earlier);
            }
            return Err(error);
        }
        replaced.commit();
        self.get(name)
    }

    /// Runs work on files on a thread for blocking work.
    ///
    /// # Errors
    /// The work fails or panics.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        plugin: &str,
        work: impl FnOnce() -> Result<T, PluginError> + Send + 'static,
    ) -> Result<T, PluginError> {
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|error| {
            let problem = "its settings cannot be read or written";
            PluginError::new(PluginErrorCode::Config, plugin, problem).with_cause(error)
        })?
    }
}
