use std::sync::atomic::Ordering;

use seaworthy_service::StartError;

use super::{Inner, Plugins};
use crate::{Manifest, PluginError, PluginErrorCode, PluginStatus, runtime::Exports};

impl Inner {
    /// Checks that the service asks a required plugin that only decides. Otherwise an operator
    /// would rely on a plugin that has no effect.
    ///
    /// A plugin that also declares a hook or an event handler passes. The world `plugin` requires
    /// the interface `policy`, so such a plugin may have a policy that it does not need.
    ///
    /// # Errors
    /// The service serves, and does not declare decisions.
    pub(super) fn check_is_asked(
        &self,
        manifest: &Manifest,
        exports: Exports,
    ) -> Result<(), PluginError> {
        let only_decides =
            exports.policy && manifest.hooks.is_empty() && manifest.handlers.is_empty();
        let is_required = self.config.required.contains(&manifest.name);
        let is_served = self.is_served.load(Ordering::Relaxed);
        let is_asked = self.asks_policies.load(Ordering::Relaxed);
        if !(only_decides && is_required && is_served) || is_asked {
            return Ok(());
        }
        let problem = "only decides about access, and this service does not ask for decisions: remove it from plugins.required, or call `Plugins::declare_decisions` in a service that asks";
        let code = PluginErrorCode::LoadFailed;
        Err(PluginError::new(code, &manifest.name, problem))
    }
}

impl Plugins {
    /// Declares that the service asks for decisions, with [`decide`](Self::decide) or
    /// [`around_call`](Self::around_call). Call it between [`open`](Self::open) and
    /// [`serve`](Self::serve). In other services a plugin of `plugins.required` that only decides
    /// cannot be loaded.
    pub fn declare_decisions(&self) {
        self.0.asks_policies.store(true, Ordering::Relaxed);
    }

    /// Returns the names of the plugins without which the service is not ready. None for commands.
    pub(super) fn required(&self) -> &[String] {
        match self.0.is_served.load(Ordering::Relaxed) {
            true => &self.0.config.required,
            false => &[],
        }
    }

    /// Makes requests and decisions fail until the required plugins are started.
    ///
    /// # Errors
    /// Plugins are required, and `plugins.enabled` is false.
    pub(super) fn require(&self) -> Result<(), StartError> {
        if !self.0.config.required.is_empty() && !self.0.config.enabled {
            return Err(StartError::new(
                "plugins.required names plugins, but plugins.enabled is false: set it to true",
            ));
        }
        self.0.is_served.store(true, Ordering::Relaxed);
        self.publish_hooks(&self.0.loaded.lock());
        Ok(())
    }

    /// Loads and starts the required plugins and their dependencies.
    ///
    /// # Errors
    /// A plugin has no folder, or cannot be loaded or started.
    pub(super) async fn load_required(&self) -> Result<(), PluginError> {
        let _turn = self.0.loads.lock().await;
        for name in self.required() {
            for needed in self.order_for(name).await? {
                if self.plugin(&needed).is_err() {
                    self.load_locked(&needed).await?;
                }
                self.start_if_enabled(&needed).await?;
            }
        }
        Ok(())
    }

    /// Returns the names of the required plugins that are not started.
    pub(super) fn missing_required(&self) -> Vec<String> {
        let required = self.required().iter();
        let missing = required.filter(|name| {
            let plugin = self.plugin(name);
            !plugin.is_ok_and(|plugin| plugin.status() == PluginStatus::Started)
        });
        missing.cloned().collect()
    }
}
