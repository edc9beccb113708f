use std::{path::PathBuf, sync::Arc};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use seaworthy_core::error_chain;
use serde_json::json;
use tokio::sync::watch;

use super::{
    author::Changed,
    error::ChangeError,
    file,
    pending::{Pending, put},
    state::{Change, Override, RuntimeState},
    store::{MemoryStore, RuntimeStore},
};
use crate::{
    Compiler, DeclareError, Flags, Strictness,
    problem::{self, Problem},
    set::FlagSet,
    source::Layers,
};

/// Attempts to store a change while other operators change flags.
const MAX_ATTEMPTS: usize = 5;

/// The sources of flags and the changes of operators.
pub(crate) struct Runtime {
    pub(crate) compiler: Compiler,
    /// Whether flags can change.
    pub(crate) is_enabled: bool,
    pub(crate) store: Arc<dyn RuntimeStore>,
    /// The file with the last state of a store that is not a file.
    pub(crate) cache: Option<PathBuf>,
    pub(crate) sources: Mutex<Sources>,
    /// The number of the current snapshot.
    pub(crate) changed: watch::Sender<u64>,
    /// Held during a change or a refresh.
    changing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
pub(crate) struct Sources {
    pub(crate) layers: Layers,
    pub(crate) state: RuntimeState,
    /// Kill switches that changed while the store was down.
    pub(crate) pending: Vec<Pending>,
    /// The time at which the flags must be compiled again, because an override ends.
    pub(crate) next_expiry: Option<DateTime<Utc>>,
}

impl Runtime {
    pub(crate) fn new(compiler: Compiler) -> Self {
        Self {
            compiler,
            is_enabled: true,
            store: Arc::new(MemoryStore::default()),
            cache: None,
            sources: Mutex::default(),
            changed: watch::Sender::new(0),
            changing: tokio::sync::Mutex::default(),
        }
    }
}

impl Sources {
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Override> {
        self.pending.iter().map(|waiting| &waiting.set)
    }

    fn compile(&self, compiler: &Compiler, now: DateTime<Utc>) -> Result<FlagSet, Vec<Problem>> {
        let document = self.layers.document(&self.state, self.waiting(), now)?;
        // Files and definitions were checked strictly. The flags of a server may have errors.
        let set = compiler.compile(document, Strictness::Lenient)?;
        let overrides = self.state.overrides.iter().chain(self.waiting());
        let keys = overrides.map(|other| &other.key);
        let undefined = keys.filter(|key| !self.is_defined(key));
        let removed = self.state.removed();
        Ok(set.with_removed(removed).with_undefined(undefined))
    }

    /// Whether a source or an operator defines a flag.
    fn is_defined(&self, key: &str) -> bool {
        let definition = self.state.definitions.get(key);
        let has_entry = definition.is_some_and(|definition| definition.entry.is_some());
        has_entry || self.layers.entry(key).is_some()
    }
}

impl Flags {
    /// Applies a change to the newest state, checks it, and stores it.
    pub(super) async fn change(
        &self,
        key: &str,
        is_kill_switch: bool,
        edit: impl Fn(&mut RuntimeState, DateTime<Utc>) -> Result<Change, ChangeError>,
    ) -> Result<Changed, ChangeError> {
        let runtime = &self.0.runtime;
        if !runtime.is_enabled {
            return Err(ChangeError::Disabled);
        }
        let _changing = runtime.changing.lock().await;
        for _ in 0..MAX_ATTEMPTS {
            let known = runtime.sources.lock().state.version;
            let loaded = runtime.store.load(known).await;
            if let Ok(Some(newer)) = &loaded {
                self.adopt(newer.clone());
            }
            let (mut next, now) = (runtime.sources.lock().state.clone(), self.now());
            let change = edit(&mut next, now)?;
            next.version = next.version.saturating_add(1);
            next.overrides.retain(|set| set.is_active(now));
            self.check_change(key, &next, now)?;
            let saved = match loaded {
                Ok(_) => runtime.store.save(&next, &change).await,
                Err(error) => Err(error),
            };
            let version = next.version;
            match saved {
                Ok(true) => {
                    record(&change, true);
                    self.adopt(next);
                    self.save_cache().await;
                    return Ok(Changed {
                        version,
                        stored: true,
                    });
                }
                Ok(false) => {}
                Err(error) if is_kill_switch => {
                    tracing::error!(
                        error = error_chain(&error),
                        flag = key,
                        "a kill switch changed on this replica only: the flag store failed"
                    );
                    record(&change, false);
                    self.change_locally(next);
                    return Ok(Changed {
                        version: known,
                        stored: false,
                    });
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(ChangeError::Contention)
    }

    /// Applies the overrides of `next` that the stored state does not have on this replica only.
    fn change_locally(&self, next: RuntimeState) {
        let mut sources = self.0.runtime.sources.lock();
        for set in next.overrides {
            if !sources.state.overrides.contains(&set) {
                let mut known = sources.state.overrides.iter();
                let replaced = known.find(|other| other.has_target_of(&set)).cloned();
                let waiting = Pending { set, replaced };
                sources
                    .pending
                    .retain(|other| !other.set.has_target_of(&waiting.set));
                sources.pending.push(waiting);
            }
        }
        drop(sources);
        self.rebuild_or_log();
    }

    /// Checks the flag of a change, and the types of all declared flags.
    fn check_change(
        &self,
        key: &str,
        next: &RuntimeState,
        now: DateTime<Utc>,
    ) -> Result<(), ChangeError> {
        let runtime = &self.0.runtime;
        let document = {
            let sources = runtime.sources.lock();
            let document = sources.layers.document(next, sources.waiting(), now);
            document.map_err(ChangeError::Invalid)?
        };
        let mut alone = json!({"$evaluators": document.get("$evaluators"), "flags": {}});
        let flag = document.get("flags").and_then(|flags| flags.get(key));
        if let (Some(flag), Some(flags)) = (flag, alone.get_mut("flags")) {
            *flags = json!({ key: flag });
        }
        let set = runtime.compiler.compile(alone, Strictness::Strict);
        let set = set.map_err(ChangeError::Invalid)?;
        self.check_types(&set)
            .map_err(|errors| ChangeError::Invalid(problems(errors)))
    }

    /// Reads newer changes of other replicas, and stores those of this replica that wait for the
    /// store.
    ///
    /// # Errors
    /// The store failed. The last changes stay in effect.
    pub async fn refresh(&self) -> Result<(), ChangeError> {
        let runtime = &self.0.runtime;
        {
            let _changing = runtime.changing.lock().await;
            let known = runtime.sources.lock().state.version;
            if let Some(newer) = runtime.store.load(known).await? {
                self.adopt(newer);
                self.save_cache().await;
            }
        }
        self.store_pending().await?;
        self.expire();
        Ok(())
    }

    /// Stores the kill switches that changed while the store was down.
    async fn store_pending(&self) -> Result<(), ChangeError> {
        let pending = self.0.runtime.sources.lock().pending.clone();
        for waiting in pending {
            let set = &waiting.set;
            let edit = |state: &mut RuntimeState, now: DateTime<Utc>| {
                // The operator may have changed it again, here or on another replica.
                let is_pending = self.0.runtime.sources.lock().pending.contains(&waiting);
                if !is_pending || waiting.is_outdated(state, now) {
                    return Err(ChangeError::NoOverride(set.key.clone()));
                }
                put(state, set)
            };
            match self.change(&set.key, false, edit).await {
                Ok(_) => {}
                Err(ChangeError::NoOverride(_)) => tracing::warn!(
                    flag = set.key,
                    "a kill switch that waited for the flag store was changed again, so the earlier change is not stored"
                ),
                Err(error) => return Err(error),
            }
            self.drop_pending(|other| *other == waiting);
        }
        Ok(())
    }

    /// Compiles the flags again if an override has ended.
    pub(crate) fn expire(&self) {
        let ended = self.0.runtime.sources.lock().next_expiry;
        if ended.is_some_and(|end| end <= self.now()) {
            self.rebuild_or_log();
        }
    }

    pub(crate) fn adopt(&self, state: RuntimeState) {
        self.0.runtime.sources.lock().state = state;
        self.rebuild_or_log();
    }

    /// Compiles the sources and publishes the flags.
    ///
    /// # Errors
    /// All errors. Nothing changes then.
    pub(crate) fn rebuild(&self) -> Result<(), Vec<Problem>> {
        let (runtime, now) = (&self.0.runtime, self.now());
        let mut sources = runtime.sources.lock();
        let set = sources.compile(&runtime.compiler, now)?;
        let with_pending = RuntimeState {
            overrides: (sources.state.overrides.iter())
                .chain(sources.waiting())
                .cloned()
                .collect(),
            ..RuntimeState::default()
        };
        sources.next_expiry = with_pending.next_expiry(now);
        self.replace(set).map_err(problems)
    }

    pub(super) fn rebuild_or_log(&self) {
        if let Err(problems) = self.rebuild() {
            problem::log_rejected(&problem::join(&problems));
        }
    }

    /// Writes the last state of the store for the next start.
    async fn save_cache(&self) {
        let runtime = &self.0.runtime;
        let Some(path) = runtime.cache.clone() else {
            return;
        };
        let state = runtime.sources.lock().state.clone();
        let written = tokio::task::spawn_blocking(move || file::write(&path, &state)).await;
        if let Ok(Err(error)) = written {
            tracing::warn!(%error, "the last changes of feature flags cannot be stored for the next start");
        }
    }

    /// Returns the changes at run time.
    #[must_use]
    pub fn runtime_state(&self) -> RuntimeState {
        let sources = self.0.runtime.sources.lock();
        let mut state = sources.state.clone();
        state.overrides.extend(sources.waiting().cloned());
        state
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp((self.0.clock)(), 0).unwrap_or_default()
    }
}

fn problems(errors: Vec<DeclareError>) -> Vec<Problem> {
    errors.into_iter().map(Problem::from).collect()
}

fn record(change: &Change, stored: bool) {
    tracing::warn!(
        flag = change.key,
        action = change.action.as_str(),
        operator = change.actor,
        reason = change.reason,
        before = %change.before,
        after = %change.after,
        stored,
        "operator changed a feature flag"
    );
}
