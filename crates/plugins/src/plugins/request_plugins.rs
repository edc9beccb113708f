use std::{
    any::Any,
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use parking_lot::Mutex;
use seaworthy_core::{RequestContext, Snapshot, context};
use serde_json::{Map, Value};

use super::Plugins;
use crate::{HookCall, hook::HookTable};

/// The hooks that a request uses, and the values that they set for later points.
#[derive(Debug)]
pub(crate) struct RequestPlugins {
    table: Arc<HookTable>,
    values: Arc<Values>,
}

/// The hooks that a request context keeps for its later calls. A newer table replaces them when
/// they expire.
#[derive(Debug)]
struct Pinned(Mutex<Arc<RequestPlugins>>);

/// The snapshot of a request that called plugins before the first one started. The request calls no
/// plugins until `plugins.drain_timeout` after that start.
#[derive(Debug)]
pub(super) struct BeforePlugins;

#[derive(Debug, Default)]
struct Values {
    are_kept: AtomicBool,
    set: Mutex<Map<String, Value>>,
}

impl RequestPlugins {
    pub(super) fn new(table: Arc<HookTable>) -> Self {
        Self {
            table,
            values: Arc::default(),
        }
    }

    /// Keeps the values from now on. Only requests do so. The context of a task in the background
    /// lasts longer than one operation, whose values another one must not see.
    pub(crate) fn keep_values(&self) {
        self.values.are_kept.store(true, Ordering::Relaxed);
    }

    /// Returns the values of earlier points.
    pub(super) fn values(&self) -> Map<String, Value> {
        self.values.set.lock().clone()
    }

    /// Adds values that a hook set at a point. `own` has the earlier values of the point. Keeps and
    /// returns all values if `check` accepts them. Concurrent points of the request thus share its
    /// limits.
    ///
    /// # Errors
    /// The error of `check`.
    pub(super) fn add<E>(
        &self,
        own: &Map<String, Value>,
        set: &Map<String, Value>,
        check: impl FnOnce(&HookCall) -> Result<(), E>,
    ) -> Result<Map<String, Value>, E> {
        let mut kept = self.values.set.lock();
        let are_kept = self.values.are_kept.load(Ordering::Relaxed);
        let mut all = HookCall {
            values: match are_kept {
                true => kept.clone(),
                false => own.clone(),
            },
            metadata: Vec::new(),
        };
        all.values.extend(set.clone());
        check(&all)?;
        if are_kept {
            kept.clone_from(&all.values);
        }
        Ok(all.values)
    }

    /// Returns the call of a later point of the same operation. It gets the values of hooks from
    /// the request, because points between both may have replaced them.
    pub(crate) fn later_call(&self, mut call: HookCall) -> HookCall {
        if self.values.are_kept.load(Ordering::Relaxed) {
            call.values.clear();
        }
        call
    }
}

impl Deref for RequestPlugins {
    type Target = HookTable;

    fn deref(&self) -> &HookTable {
        &self.table
    }
}

impl Plugins {
    /// Returns the hooks that a request uses until its end, or until they expire. Contexts of tasks
    /// may last as long as the service.
    pub(crate) fn for_request(&self, request: Option<&RequestContext>) -> Arc<RequestPlugins> {
        let without = || Arc::clone(&self.0.without_plugins);
        let Some(since) = self.0.in_use_since.get() else {
            self.keep_without(request);
            return without();
        };
        if !self.0.switch.is_on() || self.is_unused() {
            return without();
        }
        let current = || Arc::new(RequestPlugins::new(self.0.hooks.load_full()));
        let Some(request) = request else {
            return current();
        };
        let snapshot = request.snapshot_or_init(Snapshot::Plugins, || {
            Arc::new(Pinned(Mutex::new(current()))) as Arc<dyn Any + Send + Sync>
        });
        let Some(pinned) = snapshot.downcast_ref::<Pinned>() else {
            let is_expired = since.elapsed() >= self.0.config.drain_timeout.get();
            return if is_expired { current() } else { without() };
        };
        let mut plugins = pinned.0.lock();
        if let Some(newer) = self.renew(&plugins) {
            *plugins = Arc::new(newer);
        }
        Arc::clone(&plugins)
    }

    /// Returns true if no plugin has started and none is required, so that calls have no effect.
    /// The request then calls no plugins that start later.
    pub(super) fn is_idle(&self) -> bool {
        let is_idle = self.0.in_use_since.get().is_none();
        if is_idle {
            context::with_current(|request| self.keep_without(request));
        }
        is_idle
    }

    /// Keeps that the request began without plugins, unless the service never has some.
    fn keep_without(&self, request: Option<&RequestContext>) {
        if let Some(request) = request
            && self.0.config.enabled
        {
            let without = || Arc::clone(&self.0.before_plugins) as Arc<dyn Any + Send + Sync>;
            request.snapshot_or_init(Snapshot::Plugins, without);
        }
    }

    /// Returns true if `plugins.enabled` is false, and no plugin runs. Only the code of a service or
    /// a command starts one then. A request keeps nothing for its later calls.
    fn is_unused(&self) -> bool {
        !self.0.config.enabled && self.0.hooks.load().has_no_plugins()
    }

    /// Returns the current hooks for a request, with its values, if the hooks that it has expired.
    pub(super) fn renew(&self, request: &RequestPlugins) -> Option<RequestPlugins> {
        let is_expired = request.is_expired(self.0.config.drain_timeout.get());
        is_expired.then(|| RequestPlugins {
            table: self.0.hooks.load_full(),
            values: Arc::clone(&request.values),
        })
    }
}
