use std::{
    any::Any,
    collections::BTreeMap,
    fmt,
    sync::{Arc, OnceLock, atomic::AtomicBool},
};

use arc_swap::ArcSwap;
use chrono::{NaiveDate, Utc};
use parking_lot::Mutex;
use seaworthy_core::RequestContext;
use seaworthy_telemetry::metrics::Metrics;
use tokio::sync::watch;

use crate::{
    config::Bucketing,
    context::{Context, Scope},
    definition::Resolved,
    flag::{Declaration, DeclareError, Flag},
    guarded_routes::GuardedRoutes,
    runtime::{Runtime, RuntimeStore},
    served_apis::ServedApis,
    set::{Compiler, FlagSet},
    snapshot::Snapshot,
    switch::Guard,
    toggle::Toggle,
    value::FlagValue,
};

/// The feature flags of a service. Cheap to clone, and clones share the state.
///
/// ```
/// use seaworthy_flags::{Bucketing, Compiler, Context, Flag, Flags, Strictness};
/// use serde_json::json;
///
/// let flags = Flags::new(Context::new());
/// let checkout = flags.declare(Flag::boolean("checkout.new", false)).unwrap();
/// assert!(!checkout.get());
///
/// let document = json!({"flags": {"checkout.new": {
///     "state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "on",
/// }}});
/// let set = Compiler::new(Bucketing::V3).compile(document, Strictness::Strict).unwrap();
/// flags.replace(set).unwrap();
/// assert!(checkout.get());
/// ```
#[derive(Clone)]
pub struct Flags(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) current: ArcSwap<Snapshot>,
    declared: Mutex<Vec<Declaration>>,
    pub(crate) service: Context,
    pub(crate) clock: fn() -> i64,
    pub(crate) metrics: Option<Metrics>,
    pub(crate) runtime: Runtime,
    /// Whether the lists `apis` govern routes that require no flag.
    pub(crate) guards_routes: AtomicBool,
    /// The lists `apis` of the flags.
    pub(crate) guarded_routes: ArcSwap<GuardedRoutes>,
    /// The APIs of the service. Set before the service is ready.
    pub(crate) served_apis: OnceLock<ServedApis>,
    /// The guard of switches. Set for the flags of a service only.
    pub(crate) guard: OnceLock<Guard>,
    /// Distinguishes the snapshots of several `Flags` in one process.
    owner: Arc<()>,
}

impl Flags {
    /// Creates flags without a source. `service` has the attributes that all requests share.
    #[must_use]
    pub fn new(service: Context) -> Self {
        Self::with_clock(service, || Utc::now().timestamp())
    }

    /// Creates flags whose rules read the time from `clock`, in seconds since the Unix epoch.
    #[must_use]
    pub fn with_clock(service: Context, clock: fn() -> i64) -> Self {
        Self::with(
            service,
            clock,
            None,
            Runtime::new(Compiler::new(Bucketing::default())),
        )
    }

    /// Creates flags without files, whose changes at run time are in `store`. Call
    /// [`refresh`](Self::refresh) to read them.
    #[must_use]
    pub fn with_store(service: Context, store: impl RuntimeStore) -> Self {
        let mut runtime = Runtime::new(Compiler::new(Bucketing::default()));
        runtime.store = Arc::new(store);
        Self::with(service, || Utc::now().timestamp(), None, runtime)
    }

    pub(crate) fn with(
        service: Context,
        clock: fn() -> i64,
        metrics: Option<Metrics>,
        runtime: Runtime,
    ) -> Self {
        let owner = Arc::new(());
        let empty = Snapshot::new(Arc::new(FlagSet::empty()), &[], &owner, None);
        Self(Arc::new(Shared {
            current: ArcSwap::from_pointee(empty),
            declared: Mutex::default(),
            service,
            clock,
            metrics,
            runtime,
            guards_routes: AtomicBool::new(false),
            guarded_routes: ArcSwap::default(),
            served_apis: OnceLock::new(),
            guard: OnceLock::new(),
            owner,
        }))
    }

    /// Declares a flag. Declare each flag once, at the start of the service.
    ///
    /// # Errors
    /// [`DeclareError`] if the declaration contradicts itself, another one or the flag files.
    pub fn declare<T: FlagValue>(&self, flag: Flag<T>) -> Result<Toggle<T>, DeclareError> {
        let expires = flag.expires.as_ref().map(|day| {
            let parsed = day.parse::<NaiveDate>();
            parsed.map_err(|_| DeclareError::InvalidDay {
                key: flag.key.clone(),
                day: day.clone(),
            })
        });
        let declaration = Declaration {
            key: flag.key.clone(),
            value_type: T::TYPE,
            owner: flag.owner,
            kind: flag.kind,
            expires: expires.transpose()?,
            fits: |variant| T::of(variant).is_some(),
        };
        let mut declared = self.0.declared.lock();
        let known = declared.iter().position(|other| other.key == flag.key);
        let slot = match known.and_then(|slot| Some((slot, declared.get(slot)?))) {
            Some((_, other)) if other.value_type != T::TYPE => {
                return Err(DeclareError::Conflict {
                    key: flag.key,
                    declared: other.value_type,
                    value_type: T::TYPE,
                });
            }
            Some((slot, _)) => slot,
            None => {
                let set = self.0.current.load().set().clone();
                check(&set, &declaration)?;
                if declaration
                    .expires
                    .is_some_and(|day| day <= Utc::now().date_naive())
                {
                    tracing::warn!(flag = %declaration.key, "a feature flag has expired: remove it from the code");
                }
                declared.push(declaration);
                self.publish(set, &declared);
                declared.len() - 1
            }
        };
        drop(declared);
        Ok(Toggle::new(self.clone(), slot, flag.key, flag.default))
    }

    /// Replaces all flags. Running requests keep the flags that they have read.
    ///
    /// # Errors
    /// All variants whose type differs from the declaration in the code. Nothing changes then.
    pub fn replace(&self, set: FlagSet) -> Result<(), Vec<DeclareError>> {
        let declared = self.0.declared.lock();
        check_all(&set, &declared)?;
        self.publish(Arc::new(set), &declared);
        drop(declared);
        self.apply_switches();
        Ok(())
    }

    /// Checks the types of the declared flags in a set.
    pub(crate) fn check_types(&self, set: &FlagSet) -> Result<(), Vec<DeclareError>> {
        check_all(set, &self.0.declared.lock())
    }

    /// Returns a receiver that changes with each new snapshot of the flags.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.runtime.changed.subscribe()
    }

    fn publish(&self, set: Arc<FlagSet>, declared: &[Declaration]) {
        let snapshot = Snapshot::new(set, declared, &self.0.owner, self.0.metrics.as_ref());
        self.0.current.store(Arc::new(snapshot));
        self.0
            .runtime
            .changed
            .send_modify(|number| *number = number.wrapping_add(1));
    }

    /// Returns the flags in effect.
    #[must_use]
    pub fn set(&self) -> Arc<FlagSet> {
        self.0.current.load().set().clone()
    }

    /// Returns the attributes that all requests share.
    #[cfg(feature = "grpc")]
    pub(crate) fn service_context(&self) -> serde_json::Map<String, serde_json::Value> {
        self.0.service.to_map()
    }

    /// Returns the version of `fractional`.
    #[must_use]
    pub fn bucketing(&self) -> Bucketing {
        self.0.runtime.compiler.bucketing()
    }

    /// Returns the evaluations of a declared flag, by variant.
    pub(crate) fn evaluations(&self, key: &str) -> BTreeMap<String, u64> {
        let declared = self.0.declared.lock();
        let slot = declared.iter().position(|flag| &*flag.key == key);
        slot.map(|slot| self.0.current.load().evaluations(slot))
            .unwrap_or_default()
    }

    /// Returns the declared flags.
    #[must_use]
    pub fn declarations(&self) -> Vec<Declaration> {
        self.0.declared.lock().clone()
    }

    /// Evaluates a flag that the code does not declare, for example for a client in another
    /// language. Passes the result to `read`.
    pub fn resolve<R>(
        &self,
        key: &str,
        context: &Context,
        read: impl FnOnce(Resolved<'_>) -> R,
    ) -> R {
        let current = self.0.current.load();
        let set = current.set();
        read(set.resolve(set.index(key), &self.scope(context, None)))
    }

    pub(crate) fn scope<'a>(
        &'a self,
        own: &'a Context,
        request: Option<&'a RequestContext>,
    ) -> Scope<'a> {
        Scope {
            own,
            request,
            service: &self.0.service,
            clock: self.0.clock,
        }
    }

    /// Passes the snapshot of the request, or else the current one.
    pub(crate) fn with_snapshot<R>(
        &self,
        request: Option<&RequestContext>,
        read: impl FnOnce(&Snapshot) -> R,
    ) -> R {
        if let Some(request) = request {
            let kept = request.snapshot_or_init(
                seaworthy_core::Snapshot::Flags,
                || -> Arc<dyn Any + Send + Sync> { self.0.current.load_full() },
            );
            if let Some(snapshot) = kept.downcast_ref::<Snapshot>()
                && snapshot.belongs_to(&self.0.owner)
            {
                return read(snapshot);
            }
        }
        read(&self.0.current.load())
    }
}

fn check_all(set: &FlagSet, declared: &[Declaration]) -> Result<(), Vec<DeclareError>> {
    let errors: Vec<_> = declared
        .iter()
        .filter_map(|flag| check(set, flag).err())
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}

fn check(set: &FlagSet, declaration: &Declaration) -> Result<(), DeclareError> {
    let Some(definition) = set.get(&declaration.key) else {
        return Ok(());
    };
    let wrong = definition
        .variants()
        .iter()
        .find(|variant| !(declaration.fits)(variant));
    match wrong {
        None => Ok(()),
        Some(variant) => Err(DeclareError::Mismatch {
            key: declaration.key.clone(),
            value_type: declaration.value_type,
            variant: variant.name.clone(),
        }),
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Flags")
            .field("declared", &self.0.declared.lock().len())
            .finish_non_exhaustive()
    }
}
