use std::{collections::BTreeMap, sync::Arc};

use super::{Loaded, Plugins, end::clean_up};
use crate::{
    EventType, PluginError, PluginErrorCode, PluginInfo, PluginStatus,
    plugin::Plugin,
    registry::load_order,
    runtime::{Fault, LifecycleStep},
};

impl Plugins {
    /// Loads a plugin of the folder. The plugin checks its settings.
    ///
    /// # Errors
    /// The plugin is already loaded, its files are not valid, a dependency is missing, or it
    /// rejects its settings.
    pub async fn load(&self, name: &str) -> Result<PluginInfo, PluginError> {
        let plugin = name.to_owned();
        self.change(&self.0.loads, name, |plugins| async move {
            plugins.load_locked(&plugin).await
        })
        .await
    }

    /// Needs the lock `loads`.
    pub(super) async fn load_locked(&self, name: &str) -> Result<PluginInfo, PluginError> {
        if self.plugin(name).is_ok() {
            let problem = "is already loaded: unload it first";
            return Err(PluginError::new(
                PluginErrorCode::AlreadyExists,
                name,
                problem,
            ));
        }
        let plugin = self.prepare(name).await?;
        let _change = self.0.changes.lock().await;
        // A dependency may have been unloaded during the compilation.
        self.check_dependencies(&plugin)
            .inspect_err(|error| self.announce_failure(Some(name), error))?;
        self.forget_failure(name);
        let info = plugin.info();
        let entry = Loaded {
            plugin,
            handlers: None,
        };
        self.0.loaded.lock().insert(name.to_owned(), entry);
        self.announce(EventType::PLUGIN_LOADED, name);
        Ok(info)
    }

    /// Checks that the dependencies of a plugin are loaded and not circular.
    ///
    /// # Errors
    /// A dependency is missing or circular.
    pub(super) fn check_dependencies(&self, plugin: &Plugin) -> Result<(), PluginError> {
        for dependency in &plugin.manifest.dependencies {
            if self.plugin(dependency).is_err() {
                return Err(PluginError::new(
                    PluginErrorCode::Dependency,
                    plugin.name(),
                    format!("depends on \"{dependency}\", which is not loaded"),
                ));
            }
        }
        let needed = |plugin: &Plugin| {
            let name = plugin.name().to_owned();
            (name, plugin.manifest.dependencies.clone())
        };
        let mut graph: BTreeMap<_, _> = {
            let loaded = self.0.loaded.lock();
            let loaded = loaded.values().map(|entry| needed(&entry.plugin));
            loaded.collect()
        };
        graph.extend([needed(plugin)]);
        load_order(&graph).map(drop).map_err(|error| {
            PluginError::new(
                PluginErrorCode::Dependency,
                plugin.name(),
                error.to_string(),
            )
        })
    }

    /// Checks that the dependencies of a plugin are started. With `permits_disabled` a dependency may
    /// instead be disabled by its settings. Calls of the plugin then fail until it is enabled.
    ///
    /// # Errors
    /// A dependency is not started.
    pub(super) fn check_started(
        &self,
        plugin: &Plugin,
        permits_disabled: bool,
    ) -> Result<(), PluginError> {
        for dependency in &plugin.manifest.dependencies {
            let needed = self.plugin(dependency)?;
            let is_disabled = permits_disabled && !needed.is_turned_on();
            if !is_disabled && needed.status() != PluginStatus::Started {
                return Err(PluginError::new(
                    PluginErrorCode::Dependency,
                    plugin.name(),
                    format!("depends on \"{dependency}\", which is not started"),
                ));
            }
        }
        Ok(())
    }

    /// Starts a loaded plugin, so that the service calls its hooks, handlers and decisions.
    ///
    /// # Errors
    /// The plugin is not loaded, its settings disable it, a dependency is not started, or the
    /// plugin fails to start.
    pub async fn start_plugin(&self, name: &str) -> Result<(), PluginError> {
        let plugin = name.to_owned();
        self.change(&self.0.changes, name, |plugins| async move {
            plugins.start_locked(&plugin, false).await
        })
        .await
    }

    /// Needs the lock `changes`.
    pub(super) async fn start_locked(
        &self,
        name: &str,
        permits_disabled: bool,
    ) -> Result<(), PluginError> {
        let plugin = self.plugin(name)?;
        if plugin.status() == PluginStatus::Started {
            return Ok(());
        }
        plugin.set_active(true);
        if !plugin.is_turned_on() {
            let problem = "is disabled: set `enabled: true` in its settings";
            return Err(PluginError::new(
                PluginErrorCode::StartFailed,
                name,
                problem,
            ));
        }
        self.check_started(&plugin, permits_disabled)?;
        if let Err(error) = step(&plugin, LifecycleStep::Start, PluginErrorCode::StartFailed).await
        {
            plugin.set_error(&error);
            self.announce(EventType::PLUGIN_ERROR, name);
            return Err(error);
        }
        plugin.set_status(PluginStatus::Started);
        self.register(&plugin);
        self.announce(EventType::PLUGIN_STARTED, name);
        if plugin.missing_dependency().is_some() {
            self.announce(EventType::PLUGIN_ERROR, name);
        }
        tracing::info!(plugin = name, version = %plugin.manifest.version, "plugin started");
        Ok(())
    }

    /// Stops a plugin, so that the service does not call its hooks, handlers and decisions, also in
    /// requests that began before. Waits for running calls, for at most the timeout of a call, and
    /// then calls the `stop` of the plugin, unless faults disable it.
    ///
    /// # Errors
    /// The plugin is not loaded, a started plugin depends on it, or its own stop fails. In the last
    /// case the plugin is stopped anyway.
    pub async fn stop_plugin(&self, name: &str) -> Result<(), PluginError> {
        let plugin = name.to_owned();
        self.change(&self.0.changes, name, |plugins| async move {
            plugins.stop_locked(&plugin).await
        })
        .await
    }

    /// Needs the lock `changes`.
    async fn stop_locked(&self, name: &str) -> Result<(), PluginError> {
        let plugin = self.plugin(name)?;
        let started = |dependent: &String| {
            self.plugin(dependent)
                .is_ok_and(|plugin| plugin.status() == PluginStatus::Started)
        };
        if let Some(dependent) = self.dependents(name).into_iter().find(started) {
            return Err(PluginError::new(
                PluginErrorCode::Dependency,
                name,
                format!("\"{dependent}\" depends on it: stop \"{dependent}\" first"),
            ));
        }
        plugin.set_active(false);
        if plugin.status() != PluginStatus::Started {
            return Ok(());
        }
        let stopped = self.halt(&plugin).await;
        self.announce(EventType::PLUGIN_STOPPED, name);
        stopped
    }

    /// Stops a plugin and removes it from memory. Logs failures of the plugin itself.
    ///
    /// # Errors
    /// The plugin is not loaded, or another plugin depends on it.
    pub async fn unload(&self, name: &str) -> Result<(), PluginError> {
        let plugin = name.to_owned();
        self.change(&self.0.changes, name, |plugins| async move {
            plugins.unload_locked(&plugin).await
        })
        .await
    }

    /// Needs the lock `changes`.
    pub(super) async fn unload_locked(&self, name: &str) -> Result<(), PluginError> {
        let plugin = self.plugin(name)?;
        if let Some(dependent) = self.dependents(name).first() {
            return Err(PluginError::new(
                PluginErrorCode::Dependency,
                name,
                format!("\"{dependent}\" depends on it: unload \"{dependent}\" first"),
            ));
        }
        if let Err(error) = self.stop_locked(name).await {
            tracing::warn!(plugin = name, problem = %error, "a plugin failed to stop");
        }
        // Requests and tasks that began before use the version of a later load.
        plugin.retire();
        clean_up(&plugin).await;
        self.announce(EventType::PLUGIN_UNLOADED, name);
        self.0.loaded.lock().remove(name);
        self.forget_failure(name);
        Ok(())
    }

    /// Enables a plugin that was disabled after too many faults.
    ///
    /// # Errors
    /// The plugin is not loaded.
    pub fn enable(&self, name: &str) -> Result<(), PluginError> {
        let plugin = self.plugin(name)?;
        let was_disabled = {
            let mut state = plugin.state.lock();
            let was_disabled = state.faults.is_disabled();
            state.faults.reset();
            state.error = None;
            was_disabled
        };
        if was_disabled {
            self.announce(EventType::PLUGIN_ENABLED, name);
            self.announce_dependents(name);
        }
        Ok(())
    }

    /// Calls the health check of a plugin.
    ///
    /// # Errors
    /// The plugin is not loaded, reports a problem, traps or exceeds a limit.
    pub async fn check(&self, name: &str) -> Result<(), PluginError> {
        let plugin = self.plugin(name)?;
        step(
            &plugin,
            LifecycleStep::HealthCheck,
            PluginErrorCode::Internal,
        )
        .await
    }
}

/// Calls a step of the life cycle of a plugin.
///
/// # Errors
/// The plugin reports a failure, traps or exceeds a limit. The error has `code`, or
/// [`PluginErrorCode::Timeout`].
pub(super) async fn step(
    plugin: &Arc<Plugin>,
    step: LifecycleStep,
    code: PluginErrorCode,
) -> Result<(), PluginError> {
    let problem = match plugin.step(step).await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(problem)) => problem,
        Err(fault @ Fault::Timeout(_)) => {
            let code = PluginErrorCode::Timeout;
            return Err(PluginError::new(code, plugin.name(), fault.to_string()));
        }
        Err(fault) => fault.to_string(),
    };
    Err(PluginError::new(code, plugin.name(), problem))
}
