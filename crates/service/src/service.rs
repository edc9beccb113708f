use std::process::ExitCode;

use seaworthy_config::{Loader, Settings};
use seaworthy_core::{RequestContext, ServiceIdentity, context};
use serde_json::Value as Json;

use crate::{
    assembly::Assembly,
    command::{self, Commands},
    config::FrameworkConfig,
    kernel::{Addresses, Kernel, StartFailure},
    lifecycle::{StopOutcome, Watched},
    settings,
    start_error::StartError,
};

/// One deployable service: a name, a version, and a function that puts it together.
#[derive(Debug, Clone)]
pub struct Service {
    pub(crate) identity: ServiceIdentity,
    defaults: Vec<(&'static str, Json)>,
    variables: Vec<(&'static str, &'static str)>,
}

impl Service {
    /// Names the service; `env!("CARGO_PKG_NAME")` and `env!("CARGO_PKG_VERSION")` are what most pass.
    #[must_use]
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            identity: ServiceIdentity::new(name, version),
            defaults: Vec::new(),
            variables: Vec::new(),
        }
    }

    /// Another default of a framework's setting than the framework's own: an address of a service that shares its machine with others, a name that its metrics always had.
    /// Files, variables and the command line count more, and the documents of the settings show it.
    #[must_use]
    pub fn default_value(mut self, key: &'static str, value: impl Into<Json>) -> Self {
        self.defaults.push((key, value.into()));
        self
    }

    /// A variable that sets a key under a name of its own, such as `LOG_LEVEL`: for deployments that have it already. Files count less, the service's own variables more.
    #[must_use]
    pub fn variable(mut self, name: &'static str, key: &'static str) -> Self {
        self.variables.push((name, key));
        self
    }

    /// A loader with the defaults and variables of the service.
    pub(crate) fn prepare(&self, loader: Loader) -> Loader {
        let defaults = self.defaults.iter();
        let loader = defaults.fold(loader, |loader, (key, value)| {
            loader.default_value(key, value.clone())
        });
        let variables = self.variables.iter();
        variables.fold(loader, |loader, (name, key)| loader.variable(name, key))
    }

    /// Does what the command line says, and returns the exit status: the whole of a service's `main`.
    ///
    /// `0` for a clean stop, `1` for a start that failed, `2` for a command line that means nothing, `75` for a stop that cut something off or was forced, `78`
    /// for settings with mistakes or, in production, unsafe ones.
    pub fn main<C, A>(self, assemble: A) -> ExitCode
    where
        C: Settings,
        A: AsyncFnOnce(&Assembly<C>) -> Result<(), StartError>,
    {
        self.main_with(Commands::new(), assemble)
    }

    /// As [`main`](Self::main), for a binary that has commands of its own.
    pub fn main_with<C, A>(self, commands: Commands<C>, assemble: A) -> ExitCode
    where
        C: Settings,
        A: AsyncFnOnce(&Assembly<C>) -> Result<(), StartError>,
    {
        command::run(&self, commands, assemble).into()
    }

    /// Whether every listener of the service would be on a loopback address with settings from
    /// `loader`. It is for programs that start several services.
    ///
    /// # Errors
    /// [`StartError`] if the settings have mistakes.
    pub async fn is_on_loopback<C: Settings>(&self, loader: Loader) -> Result<bool, StartError> {
        let loader = settings::with_rules(self.prepare(loader));
        let schema = loader.complete(settings::schema::<C>());
        let loaded = loader
            .load_async(&schema)
            .await
            .map_err(|errors| StartError::because("the settings have mistakes", errors))?;
        let framework = loaded
            .get::<FrameworkConfig>()
            .map_err(|error| StartError::because("the settings cannot be read", error))?;
        Ok(framework.is_on_loopback())
    }

    /// Starts the service inside a running Tokio runtime, with settings from `loader`, and returns when it is ready: for tests, and for several services in one
    /// process.
    ///
    /// # Errors
    /// [`StartError`] for whatever keeps the service from starting.
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
        as_itself(identity, async {
            let kernel = Kernel::open::<C>(&self.identity, self.prepare(loader))
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

/// What is written outside of a request would else bear the name of the first service of the process.
fn as_itself<F: Future>(identity: ServiceIdentity, future: F) -> impl Future<Output = F::Output> {
    context::scope(RequestContext::background(identity).into(), future)
}

/// A service that runs.
pub struct RunningService(Kernel);

impl RunningService {
    /// Where it listens.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        self.0.addresses()
    }

    /// Stops it in order, as a signal would.
    pub async fn stop(self) -> StopOutcome {
        let identity = self.0.parts().identity.clone();
        let watched = Watched::default();
        as_itself(identity, self.0.stop(&watched, std::future::pending())).await
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
