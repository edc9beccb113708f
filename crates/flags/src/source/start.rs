use std::{io, sync::Arc};

use chrono::Utc;
use seaworthy_config::{ConfigError, ConfigErrors, Origin, Profile, Settings};
use seaworthy_core::error_chain;
use seaworthy_service::{Assembly, StartError, private_files::PrivateFolder};

use super::{
    files::FlagFiles,
    follow::{Follow, reload_failures},
    guarded::GuardedStart,
    layers::Layers,
    remote::Remote,
};
use crate::{
    Compiler, Context, DeclareError, FileStore, FlagSet, Flags, FlagsConfig, RuntimeStore, problem,
    runtime::{self, Runtime},
};

/// The file of changes at run time.
const STATE_FILE: &str = "flags-runtime.json";
/// The last state of a store that is not this file.
const CACHE_FILE: &str = "flags-cache.json";
/// The last valid flags of a flag server.
const REMOTE_FILE: &str = "flags-remote.json";

/// Starts the flags of a service.
///
/// ```no_run
/// use seaworthy_flags::{Flags, FlagsConfig, MemoryStore};
/// use seaworthy_service::{Assembly, NoSettings, StartError};
///
/// async fn assemble(service: &Assembly<NoSettings>) -> Result<(), StartError> {
///     let flags = Flags::builder(&FlagsConfig::default())
///         .store(MemoryStore::default())
///         .start(service)
///         .await?;
///     # drop(flags);
///     Ok(())
/// }
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until it starts"]
pub struct FlagsBuilder {
    config: FlagsConfig,
    built_in: Vec<&'static str>,
    store: Option<Arc<dyn RuntimeStore>>,
}

impl FlagsBuilder {
    /// Adds flags that the service defines without a file, in YAML. Flags that are added later, and
    /// all files, override single fields.
    pub fn built_in(mut self, flags: &'static str) -> Self {
        self.built_in.push(flags);
        self
    }

    /// Sets the store of changes at run time, which all replicas share. The default is a file in
    /// `state_directory`.
    pub fn store(mut self, store: impl RuntimeStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Loads the flag files of a service and follows their changes and those of operators.
    ///
    /// Rules read `service`, `version` and `environment` of the service, which is the profile or
    /// [`default_environment`](FlagsConfig::default_environment). If a store does not respond,
    /// startup succeeds: the last known changes apply until it does.
    ///
    /// # Errors
    /// [`StartError`] with all errors in the files.
    pub async fn start<C: Settings>(self, service: &Assembly<C>) -> Result<Flags, StartError> {
        let Self {
            config,
            built_in,
            store,
        } = self;
        let identity = service.identity();
        let environment = config.default_environment.clone();
        let environment = environment.unwrap_or_else(|| service.profile().to_string());
        let context = Context::new()
            .with("service", identity.name())
            .with("version", identity.version())
            .with("environment", environment);
        let metrics = service.metrics().clone();
        let folder = config.state_directory.as_ref().map(PrivateFolder::open);
        let folder = folder.transpose().map_err(|error| {
            StartError::with_cause("the state directory of feature flags cannot be used", error)
        })?;
        let flags = Flags::with(
            context,
            || Utc::now().timestamp(),
            Some(metrics.clone()),
            runtime(&config, folder.as_ref(), store),
        );
        flags.observe_overrides(&metrics);
        if !config.enabled {
            tracing::warn!("feature flags are turned off: all flags have the default of the code");
            flags.serve(service, &config);
            return Ok(flags);
        }
        let files = FlagFiles::new(&config, service.profile()).with_built_in(built_in);
        let seen = files.seen();
        let (layers, set) = load(files.clone())
            .await
            .map_err(|errors| StartError::with_cause("the flag files have errors", errors))?;
        flags.replace(set).map_err(|errors| {
            let errors = problem::join(&errors);
            StartError::new(format!("the flags cannot be used: {errors}"))
        })?;
        flags.0.runtime.sources.lock().layers = layers;
        let cache = folder.map(|folder| folder.path().join(REMOTE_FILE));
        let failures = reload_failures(&metrics);
        if let Some(remote) = Remote::new(service, &config.remote, &flags, cache, failures)? {
            remote.start().await;
            remote.supervise(service.tasks());
        }
        flags.load_runtime().await;
        if !config.allowed_switches.is_empty() {
            tracing::warn!(
                parts = config.allowed_switches.join(", "),
                "feature flags may turn off these parts, which protect the service"
            );
        }
        flags.serve(service, &config);
        Follow::new(&flags, files, seen, &metrics).supervise(service.tasks(), config.watch);
        Ok(flags)
    }
}

fn runtime(
    config: &FlagsConfig,
    folder: Option<&PrivateFolder>,
    store: Option<Arc<dyn RuntimeStore>>,
) -> Runtime {
    let mut runtime = Runtime::new(Compiler::new(config.bucketing));
    runtime.is_enabled = config.enabled;
    match (store, folder) {
        (Some(store), folder) => {
            runtime.store = store;
            runtime.cache = folder.map(|folder| folder.path().join(CACHE_FILE));
        }
        (None, Some(folder)) => {
            runtime.store = Arc::new(FileStore::new(folder.path().join(STATE_FILE)));
        }
        (None, None) => {}
    }
    runtime
}

impl Flags {
    /// Loads the flag files of a service and follows their changes.
    ///
    /// Rules read `service`, `version` and `environment` (the profile) of the service.
    ///
    /// # Errors
    /// [`StartError`] with all errors in the files.
    pub async fn start<C: Settings>(
        service: &Assembly<C>,
        config: &FlagsConfig,
    ) -> Result<Self, StartError> {
        Self::builder(config).start(service).await
    }

    /// Returns a builder, for example to set the [store](FlagsBuilder::store) of overrides.
    pub fn builder(config: &FlagsConfig) -> FlagsBuilder {
        FlagsBuilder {
            config: config.clone(),
            built_in: Vec::new(),
            store: None,
        }
    }

    /// Connects the flags to the routes and the switches of the service.
    fn serve<C: Settings>(&self, service: &Assembly<C>, config: &FlagsConfig) {
        service.admin(crate::serve::admin_routes(self));
        service.flag_gate(self.clone());
        service.component(GuardedStart::new(service, config, self));
    }

    /// Reads the changes of operators at the start: from the store, or else from the cache.
    async fn load_runtime(&self) {
        let Err(error) = self.refresh().await else {
            return;
        };
        tracing::error!(
            error = error_chain(&error),
            "cannot read the changes of feature flags: the last known changes apply"
        );
        let Some(path) = self.0.runtime.cache.clone() else {
            return;
        };
        let read = tokio::task::spawn_blocking(move || runtime::read(&path)).await;
        match read.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok(state) => self.adopt(state),
            Err(error) => {
                tracing::error!(%error, "the last known changes of feature flags cannot be read");
            }
        }
    }
}

impl FlagSet {
    /// Loads the flag files, for example to check or export them.
    ///
    /// # Errors
    /// All errors, with file, line and column.
    pub fn load(config: &FlagsConfig, profile: Profile) -> Result<Self, ConfigErrors> {
        let (_, set) = FlagFiles::new(config, profile).load()?;
        Ok(set)
    }
}

pub(super) async fn load(files: FlagFiles) -> Result<(Layers, FlagSet), ConfigErrors> {
    let loaded = tokio::task::spawn_blocking(move || files.load()).await;
    loaded.unwrap_or_else(|error| {
        let problem = format!("the flag files were not loaded: {error}");
        Err(ConfigError::new(Origin::Default, "", problem).into())
    })
}

impl From<DeclareError> for StartError {
    fn from(error: DeclareError) -> Self {
        Self::with_cause("a feature flag cannot be declared", error)
    }
}
