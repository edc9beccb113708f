use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};

use super::{Loaded, Plugins};
use crate::{
    Event, HandlerDeclaration, PluginStatus,
    event::HandlerError,
    hook::HookTable,
    plugin::Plugin,
};

impl Plugins {
    /// Adds the hooks and handlers of a started plugin.
    pub(super) fn register(&self, plugin: &Arc<Plugin>) {
        let declared = plugin.manifest.handlers.iter();
        let handlers: Vec<u64> = declared
            .map(|handler| self.subscribe(plugin, handler))
            .collect();
        let mut loaded = self.0.loaded.lock();
        let replaced = match loaded.get_mut(plugin.name()) {
            Some(entry) if Arc::ptr_eq(&entry.plugin, plugin) => {
                std::mem::replace(&mut entry.handlers, handlers)
            }
            _ => handlers,
        };
        for id in replaced {
            self.0.bus.unsubscribe(id);
        }
        self.publish_hooks(&loaded);
    }

    fn subscribe(&self, plugin: &Arc<Plugin>, handler: &HandlerDeclaration) -> u64 {
        let max = plugin.file.timeout;
        let timeout = handler.timeout.unwrap_or(max).min(max).get();
        let name = format!("{}/{}", plugin.name(), handler.name);
        let (called, declared) = (Arc::clone(plugin), handler.name.clone());
        let handle = move |event: Event| -> BoxFuture<'static, _> {
            deliver(Arc::clone(&called), declared.clone(), event, timeout).boxed()
        };
        let (types, retries) = (handler.types.clone(), plugin.file.retry_count);
        // The guest ends at its own timeout. The bus waits for the queue of guests, too.
        self.0.bus.add(&name, types, timeout * 2, retries, handle)
    }

    pub(super) fn unregister(&self, name: &str) {
        let mut loaded = self.0.loaded.lock();
        if let Some(entry) = loaded.get_mut(name) {
            for id in std::mem::take(&mut entry.handlers) {
                self.0.bus.unsubscribe(id);
            }
        }
        self.publish_hooks(&loaded);
    }

    fn publish_hooks(&self, loaded: &BTreeMap<String, Loaded>) {
        let started = loaded.values().map(|entry| &entry.plugin);
        let started = started.filter(|plugin| plugin.status() == PluginStatus::Started);
        let table = HookTable::new(started.cloned());
        self.0.hooks.store(Arc::new(table));
    }
}

/// Calls a handler of a plugin with an event.
async fn deliver(
    plugin: Arc<Plugin>,
    handler: String,
    event: Event,
    timeout: Duration,
) -> Result<(), HandlerError> {
    match plugin.handle(handler, event, timeout).await {
        Ok(result) => result,
        Err(fault) if fault.is_permanent() => Err(HandlerError::Permanent(fault.to_string())),
        Err(fault) => Err(HandlerError::Transient(fault.to_string())),
    }
}
