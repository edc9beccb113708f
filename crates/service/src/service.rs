use std::{borrow::Cow, fmt, process::ExitCode};

use seaworthy_config::{
    ConfigErrors, LegacyKey, LegacyVariable, Loaded, Loader, Profile, Settings,
};
use seaworthy_core::{RequestContext, ServiceIdentity, context};
use seaworthy_health::Health;
use seaworthy_http::{ErrorRenderer, Routes, StackService};
use serde_json::Value as Json;

use crate::{
    assembly::Assembly,
    command::{self, Commands},
    config::FrameworkConfig,
    kernel::{Addresses, Kernel, StartFailure},
    lifecycle::{StopOutcome, Watched},
    settings,
    settings_check::{SettingProblem, SettingsChecks},
    start_error::StartError,
};

/// One deployable service, with its name and version.
///
/// ```no_run
/// use seaworthy_http::Routes;
/// use seaworthy_service::{Assembly, NoSettings, Service, StartError};
///
/// fn main() -> std::process::ExitCode {
///     Service::new("orders", "1.0.0").main(assemble)
/// }
///
/// async fn assemble(service: &Assembly<NoSettings>) -> Result<(), StartError> {
///     service.http(Routes::new().get("/", async || "orders"));
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Service {
    pub(crate) identity: ServiceIdentity,
    defaults: Vec<(Cow<'static, str>, Json)>,
    variables: Vec<LegacyVariable>,
    legacy_keys: Vec<LegacyKey>,
    legacy_prefix: Option<&'static str>,
    early: EarlyResponses,
    pub(crate) checks: SettingsChecks,
}

/// The responses until the assembly is complete.
#[derive(Clone, Default)]
pub(crate) struct EarlyResponses {
    /// The renderer of errors until the assembly sets another one.
    pub(crate) errors: Option<ErrorRenderer>,
    /// Creates the routes of the probes from the health checks.
    pub(crate) probes: Option<fn(&Health) -> Routes>,
}

impl fmt::Debug for EarlyResponses {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EarlyResponses")
            .finish_non_exhaustive()
    }
}

impl Service {
    /// Creates a service. Most pass `env!("CARGO_PKG_NAME")` and `env!("CARGO_PKG_VERSION")`.
    #[must_use]
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            identity: ServiceIdentity::new(name, version),
            defaults: Vec::new(),
            variables: Vec::new(),
            legacy_keys: Vec::new(),
            legacy_prefix: None,
            early: EarlyResponses::default(),
            checks: SettingsChecks::default(),
        }
    }

    /// Changes the default of a framework setting, such as the address of a service that shares its
    /// machine with others. Files, variables and the command line override it. The documents of the
    /// settings show it.
    #[must_use]
    pub fn default_value(
        mut self,
        key: impl Into<Cow<'static, str>>,
        value: impl Into<Json>,
    ) -> Self {
        self.defaults.push((key.into(), value.into()));
        self
    }

    /// Adds another environment variable for a key, such as `LOG_LEVEL`, for existing deployments.
    /// It overrides files. The regular variable of the key overrides it.
    #[must_use]
    pub fn variable(mut self, name: &'static str, key: &'static str) -> Self {
        self.variables.push(LegacyVariable::sets(name, key));
        self
    }

    /// Adds the variables of a legacy deployment. Each one sets a key, fails startup with a message
    /// that names its replacement, or is ignored with a warning.
    #[must_use]
    pub fn legacy_variables(mut self, variables: impl IntoIterator<Item = LegacyVariable>) -> Self {
        self.variables.extend(variables);
        self
    }

    /// Returns the names of the variables of a legacy deployment. A `*` at the end matches any
    /// text.
    pub fn legacy_variable_names(&self) -> impl Iterator<Item = &str> {
        self.variables.iter().map(LegacyVariable::name)
    }

    /// Adds the keys of legacy configuration files. Each one sets a key, or startup fails with a
    /// message that names its replacement.
    #[must_use]
    pub fn legacy_keys(mut self, keys: impl IntoIterator<Item = LegacyKey>) -> Self {
        self.legacy_keys.extend(keys);
        self
    }

    /// Adds variables that name keys of files after a prefix, also legacy keys: `APP_` makes
    /// `APP_SERVER_HTTP_ADDR` set `server.http.addr`. Another variable with the prefix fails the
    /// start.
    #[must_use]
    pub fn legacy_prefix(mut self, prefix: &'static str) -> Self {
        self.legacy_prefix = Some(prefix);
        self
    }

    /// Sets the format of errors on the public listener. It also applies to requests that arrive
    /// before the service is ready. [`Assembly::error_renderers`] replaces it for later requests.
    #[must_use]
    pub fn error_renderer(mut self, renderer: ErrorRenderer) -> Self {
        self.early.errors = Some(renderer);
        self
    }

    /// Sets the probes that all listeners with [`Assembly::probes`] serve until the assembly is
    /// complete. Pass the same routes there. The probes of the framework need no such call.
    #[must_use]
    pub fn early_probes(mut self, probes: fn(&Health) -> Routes) -> Self {
        self.early.probes = Some(probes);
        self
    }

    /// Adds a check of the settings that the service needs, and that their types do not express. A
    /// start reports its problems together with all other errors of the settings, before a listener
    /// opens. `config check` and each reload run it too, and other commands do not.
    #[must_use]
    pub fn check_settings<C: Settings>(
        mut self,
        check: fn(&C, Profile) -> Vec<SettingProblem>,
    ) -> Self {
        self.checks.add(check);
        self
    }

    /// Adds a [check](Self::check_settings) that a reload does not run, such as one of a file that
    /// the service reads only at its start. A file that disappears later must not prevent the
    /// reload of other settings.
    #[must_use]
    pub fn check_settings_at_start<C: Settings>(
        mut self,
        check: fn(&C, Profile) -> Vec<SettingProblem>,
    ) -> Self {
        self.checks.add_at_start(check);
        self
    }

    pub(crate) fn early(&self) -> EarlyResponses {
        self.early.clone()
    }

    /// Returns the loader with the defaults, keys and variables of the service.
    pub(crate) fn prepare(&self, loader: Loader) -> Loader {
        let defaults = self.defaults.iter();
        let loader = defaults.fold(loader, |loader, (key, value)| {
            loader.default_value(key, value.clone())
        });
        let keys = self.legacy_keys.iter();
        let loader = keys.fold(loader, |loader, key| loader.legacy_key(key.clone()));
        let loader = match self.legacy_prefix {
            Some(prefix) => loader.legacy_prefix(prefix),
            None => loader,
        };
        let variables = self.variables.iter();
        variables.fold(loader, |loader, variable| {
            loader.legacy_variable(variable.clone())
        })
    }

    /// Runs the command of the command line, and returns the exit status. This is the whole `main`
    /// function of a service.
    ///
    /// The status is 0 for a clean stop, 1 for a failed start and 2 for an invalid command line. It
    /// is 75 if the stop aborted work or was forced, and 78 if settings have errors or production
    /// rejects them.
    pub fn main<C, A>(self, assemble: A) -> ExitCode
    where
        C: Settings,
        A: AsyncFnOnce(&Assembly<C>) -> Result<(), StartError>,
    {
        self.main_with(Commands::new(), assemble)
    }

    /// Does the same as [`main`](Self::main) for a binary with additional commands.
    pub fn main_with<C, A>(self, commands: Commands<C>, assemble: A) -> ExitCode
    where
        C: Settings,
        A: AsyncFnOnce(&Assembly<C>) -> Result<(), StartError>,
    {
        command::run(&self, commands, assemble).into()
    }

    /// Loads the settings of the service as [`start`](Self::start) does.
    ///
    /// # Errors
    /// [`ConfigErrors`] with every error.
    pub async fn load<C: Settings>(&self, loader: Loader) -> Result<Loaded, ConfigErrors> {
        let loader = settings::with_rules(self.checks.add_to(self.prepare(loader)));
        let schema = loader.extend_schema(settings::schema::<C>());
        loader.load_async(&schema).await
    }

    /// Whether every listener of the service would be on a loopback address with settings from
    /// `loader`. It is for programs that start several services.
    ///
    /// # Errors
    /// [`StartError`] if the settings have errors.
    pub async fn is_on_loopback<C: Settings>(&self, loader: Loader) -> Result<bool, StartError> {
        let loaded = self
            .load::<C>(loader)
            .await
            .map_err(|errors| StartError::with_cause("the settings have errors", errors))?;
        let framework = loaded
            .get::<FrameworkConfig>()
            .map_err(|error| StartError::with_cause("the settings cannot be read", error))?;
        Ok(framework.is_on_loopback())
    }

    /// Starts the service inside a running Tokio runtime with settings from `loader`. Returns when
    /// it is ready. Use it for tests and for several services in one process.
    ///
    /// # Errors
    /// [`StartError`] if the service cannot start.
    pub async fn start<C, A>(
        self,
        loader: Loader,
        assemble: A,
    ) -> Result<RunningService, StartError>
    where
        C: Settings,
        A: AsyncFnOnce(&Assembly<C>) -> Result<(), StartError>,
    {
        let identity = self.identity.clone();
        in_context(identity, async {
            let loader = self.checks.add_to(self.prepare(loader));
            let kernel = Kernel::open::<C>(&self.identity, loader, self.early())
                .await
                .map_err(StartFailure::into_error)?;
            match kernel.assemble(assemble).await {
                Ok(()) => Ok(RunningService(kernel)),
                Err(failure) => {
                    kernel
                        .stop(&Watched::default(), std::future::pending())
                        .await;
                    Err(failure.into_error())
                }
            }
        })
        .await
    }
}

/// Runs a future in the context of the service, so that its log lines have the name of this
/// service.
fn in_context<F: Future>(identity: ServiceIdentity, future: F) -> impl Future<Output = F::Output> {
    context::scope(RequestContext::background(identity).into(), future)
}

/// A running service.
pub struct RunningService(Kernel);

impl RunningService {
    /// Returns the addresses of the listeners.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        self.0.addresses()
    }

    /// Returns the public routes as a tower service with all steps of a request, so that a test
    /// calls them without a socket. The address of the client is 127.0.0.1.
    #[must_use]
    pub fn http_service(&self) -> StackService {
        self.0.http_service()
    }

    /// Stops the service in order, like a signal.
    pub async fn stop(self) -> StopOutcome {
        let identity = self.0.parts().identity.clone();
        let watched = Watched::default();
        in_context(identity, self.0.stop(&watched, std::future::pending())).await
    }
}

impl std::fmt::Debug for RunningService {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("RunningService")
            .field("addresses", &self.addresses())
            .finish_non_exhaustive()
    }
}
