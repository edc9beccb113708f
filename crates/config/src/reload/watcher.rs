use std::{
    any::{Any, TypeId},
    collections::BTreeMap,
    convert::Infallible,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use seaworthy_core::SecretRotation;

use super::{
    difference::Difference,
    files::{self, WatchError},
    reloadable::{Cell, Reloadable},
};
use crate::{
    ConfigError, ConfigErrors, Loaded, Loader, Origin, Schema, Settings, UnknownSettings,
    instance::instantiate, key::Key, secret::Rotations,
};

/// Watches the files of a configuration and publishes its changes. Cheap to clone, and clones share
/// the state.
#[derive(Clone)]
pub struct Watcher(Arc<Shared>);

struct Shared {
    loader: Loader,
    schema: Schema,
    current: ArcSwap<Loaded>,
    cells: Mutex<BTreeMap<TypeId, Subscribed>>,
    hooks: Mutex<Vec<Hook>>,
    failures: AtomicU64,
    /// The state of the files when the configuration was loaded.
    seen: Mutex<Vec<files::Seen>>,
    /// Held during a reload, so that an older one cannot replace a newer one.
    turn: tokio::sync::Mutex<()>,
}

type Hook = Arc<dyn Fn(Result<&Reloaded, &ConfigErrors>) + Send + Sync>;

struct Subscribed {
    cell: Arc<dyn Any + Send + Sync>,
    publish: fn(&(dyn Any + Send + Sync), &Loaded),
}

/// The result of a reload.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reloaded {
    /// The keys whose new value is in effect.
    pub changed: Vec<String>,
    /// The keys whose new value needs a restart. The running value stays in effect.
    pub needs_restart: Vec<String>,
}

impl Watcher {
    /// Creates a watcher for a configuration that `loader` loaded with `schema`. Its reloads do not
    /// apply the [rules of a start](Loader::start_rule).
    #[must_use]
    pub fn new(loader: Loader, schema: Schema, loaded: Loaded) -> Self {
        let watcher = Self(Arc::new(Shared {
            loader: loader.for_reloads(),
            schema,
            current: ArcSwap::from_pointee(loaded),
            cells: Mutex::default(),
            hooks: Mutex::default(),
            failures: AtomicU64::new(0),
            seen: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }));
        // Recorded here, so that a change during the start of the service is detected.
        *watcher.0.seen.lock() = watcher.seen();
        watcher
    }

    /// Returns whether the configuration has files with settings or secrets.
    #[must_use]
    pub fn has_files(&self) -> bool {
        let current = self.0.current.load();
        !current.files().is_empty()
            || !self
                .0
                .loader
                .secret_files(&current.inner().secret_leaves)
                .is_empty()
    }

    /// Returns a handle on the settings of one type. You can have several handles.
    ///
    /// # Errors
    /// [`UnknownSettings`] if the type is not part of the schema.
    pub fn reloadable<T: Settings>(&self) -> Result<Reloadable<T>, UnknownSettings> {
        let mut cells = self.0.cells.lock();
        // The lock keeps a reload from changing the settings in between.
        let value = self.0.current.load().get::<T>()?;
        let subscribed = cells
            .entry(TypeId::of::<T>())
            .or_insert_with(|| Subscribed {
                cell: Arc::new(Cell::new(value.clone())),
                publish: |cell, loaded| {
                    if let (Some(cell), Ok(value)) =
                        (cell.downcast_ref::<Cell<T>>(), loaded.get::<T>())
                    {
                        cell.publish(value);
                    }
                },
            });
        let cell = subscribed.cell.clone().downcast::<Cell<T>>();
        Ok(cell.map_or_else(|_| Reloadable::fixed(value), Reloadable::follow))
    }

    /// Calls `hook` with the result of every reload, for example to log it.
    pub fn on_reload(
        &self,
        hook: impl Fn(Result<&Reloaded, &ConfigErrors>) + Send + Sync + 'static,
    ) {
        self.0.hooks.lock().push(Arc::new(hook));
    }

    /// Returns the configuration in effect.
    #[must_use]
    pub fn current(&self) -> Loaded {
        Loaded::clone(&self.0.current.load())
    }

    /// Returns the number of failed reloads.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.0.failures.load(Ordering::Relaxed)
    }

    /// Reloads the configuration with its secrets.
    ///
    /// # Errors
    /// [`ConfigErrors`] if the new configuration has errors. The running one stays in effect.
    pub async fn reload(&self) -> Result<Reloaded, ConfigErrors> {
        let _turn = self.0.turn.lock().await;
        let outcome = match self.0.loader.load_async(&self.0.schema).await {
            Ok(loaded) => self.apply(&loaded),
            Err(errors) => Err(errors),
        };
        if outcome.is_err() {
            self.0.failures.fetch_add(1, Ordering::Relaxed);
        }
        let hooks: Vec<Hook> = self.0.hooks.lock().clone();
        for hook in hooks {
            hook(outcome.as_ref());
        }
        outcome
    }

    fn apply(&self, loaded: &Loaded) -> Result<Reloaded, ConfigErrors> {
        let Ok(shape) = self.0.schema.shape() else {
            return Ok(Reloaded::default());
        };
        let current = self.0.current.load_full();
        // A missing file is an error. It does not restore the defaults.
        let gone = current
            .files()
            .iter()
            .filter(|file| !loaded.files().contains(file));
        let gone = gone.map(|path| {
            let origin = Origin::Path { path: path.clone() };
            ConfigError::new(
                origin,
                "",
                "the file was removed: restore it, or restart the service",
            )
        });
        ConfigErrors::check(gone.collect())?;
        let mut inner = loaded.inner().clone();
        let difference = Difference::settle(shape, current.inner(), &mut inner);
        inner.rotations = Rotations::new(&inner.secret_leaves, &current.inner().rotations);
        let mut errors = Vec::new();
        let known = inner
            .rotations
            .by_value(&inner.secret_leaves, &inner.secrets);
        inner.instances = SecretRotation::scope(known, || {
            instantiate(
                &self.0.schema,
                &inner.document,
                &inner.secrets,
                &inner.tree,
                &mut errors,
            )
        });
        ConfigErrors::check(errors)?;
        // Also publish secrets that need a restart. A component may read such a secret for the
        // first time later, such as the key of a rare call. It then gets the newest value.
        let read = loaded.inner();
        inner.rotations.publish(&read.secret_leaves, &read.secrets);
        let loaded = Loaded::new(inner);
        let cells = self.0.cells.lock();
        self.0.current.store(Arc::new(loaded.clone()));
        for part in self.0.schema.parts() {
            if let Some(subscribed) = cells.get(&part.id)
                && difference.changed.iter().any(|key| part.holds(key))
            {
                (subscribed.publish)(subscribed.cell.as_ref(), &loaded);
            }
        }
        let names = |keys: Vec<Key>| keys.iter().map(Key::to_string).collect();
        Ok(Reloaded {
            changed: names(difference.changed),
            needs_restart: names(difference.fixed),
        })
    }

    /// Reloads after each change of a file. The hooks receive the results.
    ///
    /// It watches directories, because editors and Kubernetes replace files by renaming.
    ///
    /// # Errors
    /// [`WatchError`] if the operating system cannot watch a directory.
    pub async fn watch(&self) -> Result<Infallible, WatchError> {
        let mut changes = files::Changes::of(&self.directories())?;
        loop {
            // Compare once before the first wait, because a file may have changed since it was
            // loaded. Changes of other files in the directories must not cause a reload. A reload
            // writes log lines, so a log file in a directory would cause endless reloads.
            let now = self.seen();
            let before = std::mem::replace(&mut *self.0.seen.lock(), now);
            if before != *self.0.seen.lock() {
                // The hooks receive the outcome.
                let _ = self.reload().await;
                changes.follow(&self.directories())?;
            }
            changes.settled().await;
        }
    }

    /// Returns the current state of the files of the configuration.
    fn seen(&self) -> Vec<files::Seen> {
        let current = self.0.current.load();
        let secrets = self.0.loader.secret_files(&current.inner().secret_leaves);
        files::settings_in(current.directory())
            .into_iter()
            .chain(secrets)
            .map(files::Seen::of)
            .collect()
    }

    fn directories(&self) -> Vec<std::path::PathBuf> {
        let current = self.0.current.load();
        let secrets = self.0.loader.secret_files(&current.inner().secret_leaves);
        let parents = secrets
            .iter()
            .filter_map(|file| file.parent())
            .map(ToOwned::to_owned);
        std::iter::once(current.directory().to_owned())
            .chain(parents)
            .collect()
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Watcher")
            .field("current", &self.0.current.load())
            .field("failures", &self.failures())
            .finish_non_exhaustive()
    }
}
