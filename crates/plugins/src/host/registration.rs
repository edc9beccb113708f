use std::{sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use seaworthy_core::Switch;
use tokio::time::Instant;

use super::{
    Loaded, Plugins,
    dependencies::{LoadedPlugins, check_dependencies, check_started},
    retire::end_replaced,
};
use crate::{
    Event, HandlerDeclaration, PluginError, PluginStatus,
    event::{HandlerError, Subscription},
    hook::HookTable,
    plugin::Plugin,
};

/// The time that the bus waits beyond that of a call, which ends up to a few milliseconds late.
const LATE: Duration = Duration::from_secs(1);

impl Plugins {
    /// Marks a plugin as started, and adds its hooks and handlers.
    ///
    /// # Errors
    /// A dependency is not started. With `permits_disabled` it may be disabled by its settings.
    pub(super) fn register(
        &self,
        plugin: &Arc<Plugin>,
        permits_disabled: bool,
    ) -> Result<(), PluginError> {
        let mut loaded = self.0.loaded.lock();
        check_started(&loaded, plugin, permits_disabled)?;
        plugin.set_status(PluginStatus::Started);
        if let Some(entry) = loaded.get_mut(plugin.name()) {
            let new = subscriptions(plugin, &self.0.switch);
            let bus = &self.0.bus;
            entry.handlers = bus.replace_plugin(entry.handlers, plugin.name(), new);
            entry.started = Some(self.0.observation.started(&plugin.manifest).guard());
        }
        self.publish_hooks(&loaded);
        Ok(())
    }

    /// Replaces the running version of a plugin and returns it. With `is_started` the new version
    /// is started. Each event reaches the handlers of one version, and each request the hooks of
    /// one version.
    ///
    /// # Errors
    /// A dependency of the new version is not loaded, or not started.
    pub(super) fn swap(
        &self,
        new: &Arc<Plugin>,
        is_started: bool,
    ) -> Result<Option<Arc<Plugin>>, PluginError> {
        let mut loaded = self.0.loaded.lock();
        check_dependencies(&loaded, new)?;
        let mut declared = Vec::new();
        if is_started {
            check_started(&loaded, new, true)?;
            new.set_status(PluginStatus::Started);
            declared = subscriptions(new, &self.0.switch);
        }
        let old = loaded.remove(new.name());
        let handlers = old.as_ref().and_then(|entry| entry.handlers);
        let (old, mut replaced) = old.map_or_else(Default::default, |entry| {
            (Some(entry.plugin), entry.replaced)
        });
        replaced.retain(|version| version.strong_count() > 0);
        replaced.extend(old.as_ref().map(Arc::downgrade));
        let started = self.0.observation.started(&new.manifest);
        let entry = Loaded {
            plugin: Arc::clone(new),
            handlers: self.0.bus.replace_plugin(handlers, new.name(), declared),
            started: is_started.then(|| started.guard()),
            is_unloading: false,
            replaced,
        };
        loaded.insert(new.name().to_owned(), entry);
        self.0.required_functions.set(new);
        self.0.detached.remove(new);
        self.publish_hooks(&loaded);
        Ok(old)
    }

    /// Marks a plugin as stopped, so that its calls are rejected, and removes its hooks and
    /// handlers.
    pub(super) fn unregister(&self, loaded: &mut LoadedPlugins, plugin: &Plugin) {
        plugin.set_status(PluginStatus::Stopped);
        end_replaced(loaded, plugin.name());
        if let Some(entry) = loaded.get_mut(plugin.name()) {
            let handlers = entry.handlers.take();
            self.0.bus.replace_plugin(handlers, plugin.name(), []);
            entry.started = None;
        }
        self.publish_hooks(loaded);
    }

    /// Replaces the table of hooks that new requests use.
    pub(super) fn publish_hooks(&self, loaded: &LoadedPlugins) {
        let started = loaded.values().map(|entry| &entry.plugin);
        let started = started.filter(|plugin| plugin.status() == PluginStatus::Started);
        let table = HookTable::new(started.cloned(), self.required());
        if !table.has_no_plugins() || table.missing().is_some() {
            self.0.in_use_since.get_or_init(Instant::now);
        }
        self.0.active.replace(&self.0.hooks, table);
    }
}

/// Returns the handlers that a plugin declares.
pub(super) fn subscriptions(plugin: &Arc<Plugin>, switch: &Switch) -> Vec<Subscription> {
    let declared = plugin.manifest.handlers.iter();
    declared
        .map(|handler| subscription(plugin, handler, switch.clone()))
        .collect()
}

fn subscription(
    plugin: &Arc<Plugin>,
    handler: &HandlerDeclaration,
    switch: Switch,
) -> Subscription {
    let max = plugin.settings.timeout;
    let timeout = handler.timeout.unwrap_or(max).min(max).get();
    let (called, declared) = (Arc::clone(plugin), handler.name.clone());
    let in_use = plugin.uses.begin();
    let handle = move |event: Event| -> BoxFuture<'static, _> {
        if !switch.is_on() {
            return async { Ok(()) }.boxed();
        }
        let (called, in_use) = (Arc::clone(&called), in_use.clone());
        let delivery = deliver(called, declared.clone(), event, timeout);
        // The version remains in use until the end of the delivery.
        delivery.inspect(move |_| drop(in_use)).boxed()
    };
    Subscription {
        name: format!("{}/{}", plugin.name(), handler.name),
        types: handler.types.iter().cloned().collect(),
        // A call waits for up to its timeout, and the guest then ends at its timeout. The timeout
        // of the bus is a second limit for lost calls.
        timeout: timeout * 2 + LATE,
        retries: plugin.settings.retry_count,
        handle: Box::new(handle),
        log: Some(Arc::clone(&plugin.log)),
    }
}

/// Calls a handler of a plugin with an event.
///
/// # Errors
/// The handler fails, traps or exceeds a limit.
async fn deliver(
    plugin: Arc<Plugin>,
    handler: String,
    event: Event,
    timeout: Duration,
) -> Result<(), HandlerError> {
    let result = match plugin.handle(handler, event, timeout).await {
        Ok(result) => result,
        Err(error) if error.is_permanent() => Err(HandlerError::Permanent(error.to_string())),
        Err(error) => Err(HandlerError::Transient(error.to_string())),
    };
    if result.is_err()
        && let Some(inner) = plugin.plugins.upgrade()
    {
        inner.observation.record_failed_handler(plugin.name());
    }
    result
}
