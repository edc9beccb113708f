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
use crate::{
    HookCall,
    hook::{HookTable, PointSet},
};

/// The hooks that a request uses, and the values that they set for later points.
#[derive(Debug)]
pub(crate) struct RequestPlugins {
    table: Arc<HookTable>,
    values: Arc<Values>,
}

/// The hooks that a request context keeps for its later calls. A newer table replaces them when
/// they expire.
#[derive(Debug)]
struct Pinned {
    plugins: Mutex<Arc<RequestPlugins>>,
    values: Arc<Values>,
}

/// The snapshot of a request that called plugins before the first one started. The request calls no
/// plugins until `plugins.drain_timeout` after that start.
#[derive(Debug)]
pub(super) struct BeforePlugins;

#[derive(Debug, Default)]
struct Values {
    are_kept: AtomicBool,
    /// Whether a hook has set a value that is kept.
    has_any: AtomicBool,
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
            self.values.has_any.store(true, Ordering::Relaxed);
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

impl Pinned {
    fn snapshot(plugins: Arc<RequestPlugins>) -> Arc<dyn Any + Send + Sync> {
        let values = Arc::clone(&plugins.values);
        Arc::new(Self {
            plugins: Mutex::new(plugins),
            values,
        })
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
        if self.begins_without_plugins(request) {
            return without();
        }
        if !self.0.switch.is_on() || self.is_unused() {
            return without();
        }
        let current = || Arc::new(RequestPlugins::new(self.0.hooks.load_full()));
        let Some(request) = request else {
            return current();
        };
        let snapshot = request.snapshot_or_init(Snapshot::Plugins, || Pinned::snapshot(current()));
        let Some(pinned) = snapshot.downcast_ref::<Pinned>() else {
            let since = self.0.in_use_since.get();
            let drain = self.0.config.drain_timeout.get();
            let is_expired = since.is_some_and(|since| since.elapsed() >= drain);
            return if is_expired { current() } else { without() };
        };
        let mut plugins = pinned.plugins.lock();
        if let Some(newer) = self.renew(&plugins) {
            *plugins = Arc::new(newer);
        }
        Arc::clone(&plugins)
    }

    /// Returns true if calls at these points have no effect in the current request. No plugin has a
    /// hook or a decision for them, and earlier hooks set no value. The request uses the same
    /// plugins at its later points.
    pub(super) fn is_idle(&self, points: PointSet) -> bool {
        !self.0.active.has_any(points)
            && context::with_current(|request| {
                request.is_none_or(|request| {
                    self.keep_current(request);
                    !has_values(request)
                })
            })
    }

    /// Keeps the plugins of a request at its first call.
    fn keep_current(&self, request: &RequestContext) {
        let may_have_plugins = self.0.config.enabled || self.0.in_use_since.get().is_some();
        if may_have_plugins && request.snapshot(Snapshot::Plugins).is_none() {
            drop(self.for_request(Some(request)));
        }
    }

    /// Returns true if no plugin has started and none is required. The request then calls no
    /// plugins that start later.
    pub(crate) fn begins_without_plugins(&self, request: Option<&RequestContext>) -> bool {
        let is_without = self.0.in_use_since.get().is_none();
        if is_without {
            self.keep_without(request);
        }
        is_without
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

    /// Returns true if `plugins.enabled` is false, and no plugin runs. Only the code of a service
    /// or a command starts one then. A request keeps nothing for its later calls.
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

/// Returns true if a request keeps values that hooks set.
fn has_values(request: &RequestContext) -> bool {
    let kept = request.snapshot(Snapshot::Plugins);
    let pinned = kept.and_then(|kept| kept.downcast_ref::<Pinned>());
    pinned.is_some_and(|pinned| pinned.values.has_any.load(Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use seaworthy_core::ServiceIdentity;

    use super::*;
    use crate::{
        HookPoint,
        host::tests::{MODULE, TestService, start, write},
    };

    #[tokio::test(flavor = "multi_thread")]
    async fn request_keeps_plugins_of_a_point_without_hooks_plug_1() {
        const HOOK: &str = "[[hooks]]\nname = \"note\"\npoint = \"before_biz\"\n";
        let TestService {
            service,
            plugins,
            folder,
        } = start(&[]).await;
        let request = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"));
        let work = async {
            let call = plugins.run_hooks(HookPoint::BeforeData, HookCall::new());
            call.await.unwrap();
            write(folder.path(), "notes", HOOK, MODULE);
            plugins.load_folder().await.unwrap();
            assert!(plugins.has_hooks(HookPoint::BeforeBiz));
            let request = context::current();
            let kept = plugins.for_request(request.as_deref());
            assert!(kept.has_no_plugins());
        };
        context::scope(Arc::new(request), work).await;
        service.stop().await;
    }
}
