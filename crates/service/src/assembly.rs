use std::{collections::BTreeSet, error::Error as StdError, fmt, future::Future, sync::Arc};

use futures::{
    FutureExt as _,
    future::{BoxFuture, ready},
};
use parking_lot::Mutex;
use seaworthy_client::{BuildError, HttpClient, HttpClientBuilder};
use seaworthy_config::{Profile, Reloadable, Settings};
use seaworthy_core::ServiceIdentity;
use seaworthy_health::{CheckFailure, Health, Probe};
use seaworthy_http::{
    Authenticate, BodyBudget, ErrorForm, RequestIds, Routes, document_routes,
    server::ReceiveWindows,
};
use seaworthy_resilience::policies::Resilience;
use seaworthy_telemetry::{Telemetry, metrics::Metrics};

use crate::{
    component::Component,
    config::{FrameworkConfig, GrpcClientConfig},
    dependency::{ConnectError, Dependency, Optional, connect},
    start_error::StartError,
    task::Tasks,
    worker::{Worker, Workers},
};

/// What a service is put together with: its settings, and the kernel's services to whatever it is made of.
///
/// It is handed to the service's one assembly function, which runs while both listeners already answer probes. Whatever the function awaits, it awaits before
/// the service is ready; whatever it hands over here is stopped in order.
pub struct Assembly<C> {
    pub(crate) settings: Arc<C>,
    pub(crate) reloadable: Reloadable<C>,
    pub(crate) parts: Parts,
}

/// What every part of the kernel shares.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) identity: ServiceIdentity,
    pub(crate) profile: Profile,
    pub(crate) framework: Arc<FrameworkConfig>,
    pub(crate) telemetry: Telemetry,
    pub(crate) health: Health,
    pub(crate) tasks: Tasks,
    pub(crate) workers: Workers,
    pub(crate) resilience: Resilience,
    /// Of all listeners for callers.
    pub(crate) body_budget: BodyBudget,
    /// Of all listeners.
    pub(crate) receive_windows: ReceiveWindows,
    pub(crate) handed_over: Arc<Mutex<HandedOver>>,
}

/// What the assembly handed over.
#[derive(Default)]
pub(crate) struct HandedOver {
    pub(crate) routes: Option<Routes>,
    pub(crate) calls: Option<Routes>,
    pub(crate) admin: Option<Routes>,
    pub(crate) errors: Option<ErrorForm>,
    pub(crate) call_errors: Option<ErrorForm>,
    pub(crate) request_ids: RequestIds,
    pub(crate) authenticate: Option<Arc<dyn Authenticate>>,
    pub(crate) components: Vec<Arc<dyn Component>>,
    /// The names of clients, which the entries of `clients` must match.
    pub(crate) http_clients: BTreeSet<String>,
    /// The names of clients, which the entries of `grpc_clients` must match.
    pub(crate) grpc_clients: BTreeSet<String>,
}

impl<C: Settings> Assembly<C> {
    /// The service's own settings, as they were at start.
    #[must_use]
    pub fn settings(&self) -> &C {
        &self.settings
    }

    /// The service's own settings, of which those marked as reloadable follow every reload (CONF-4).
    #[must_use]
    pub fn reloadable(&self) -> Reloadable<C> {
        self.reloadable.clone()
    }

    /// The framework's settings.
    #[must_use]
    pub fn framework(&self) -> &FrameworkConfig {
        &self.parts.framework
    }

    /// The profile in effect.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.parts.profile
    }

    /// The service's name, version and instance.
    #[must_use]
    pub fn identity(&self) -> &ServiceIdentity {
        &self.parts.identity
    }

    /// The registry of the service's metrics.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        self.parts.telemetry.metrics()
    }

    /// Logs, traces and error reports.
    #[must_use]
    pub fn telemetry(&self) -> &Telemetry {
        &self.parts.telemetry
    }

    /// The service's health, to which checks are added.
    #[must_use]
    pub fn health(&self) -> &Health {
        &self.parts.health
    }

    /// The service's tasks.
    #[must_use]
    pub fn tasks(&self) -> &Tasks {
        &self.parts.tasks
    }

    /// The service's workers.
    #[must_use]
    pub fn workers(&self) -> &Workers {
        &self.parts.workers
    }

    /// The policies of the service's dependencies, by name.
    #[must_use]
    pub fn resilience(&self) -> &Resilience {
        &self.parts.resilience
    }

    /// A client for the dependency of this name, with the settings `clients.NAME`: every limit is on without any. Clients of one name share its policies, and a breaker
    /// or a retry budget is never divided by how many there are.
    ///
    /// # Errors
    /// [`BuildError`] when a TLS file cannot be used.
    pub fn http_client(&self, name: &str) -> Result<HttpClient, BuildError> {
        self.http_client_builder(name).build()
    }

    /// The same before it is built: for a client that [proves who calls](HttpClientBuilder::credentials).
    #[must_use]
    pub fn http_client_builder(&self, name: &str) -> HttpClientBuilder {
        self.declare_http_client(name);
        let parts = &self.parts;
        let config = parts.framework.clients.get(name).cloned();
        let agent = format!("{}/{}", parts.identity.name(), parts.identity.version());
        HttpClient::builder(name)
            .config(config.unwrap_or_default())
            .policies(parts.resilience.dependency(name))
            .metrics(parts.telemetry.metrics())
            .tracer(parts.telemetry.tracer())
            .user_agent(&agent)
    }

    /// Accepts settings `clients.NAME` for a client that this start does not build, such as one of a
    /// feature that is off. Settings of any other name are an error of the start.
    pub fn declare_http_client(&self, name: &str) {
        let mut handed_over = self.parts.handed_over.lock();
        handed_over.http_clients.insert(name.to_owned());
    }

    /// Returns the settings `grpc_clients.NAME`, and accepts that name. Settings of any other name
    /// are an error of the start.
    #[must_use]
    pub fn grpc_client_config(&self, name: &str) -> Option<GrpcClientConfig> {
        let mut handed_over = self.parts.handed_over.lock();
        handed_over.grpc_clients.insert(name.to_owned());
        self.parts.framework.grpc_clients.get(name).cloned()
    }

    /// Connects a dependency without which the service cannot work (LIFE-2): tries with growing pauses until it succeeds or the limit of `connect.total_timeout` has
    /// passed. Meanwhile the service is alive, not ready, and says what it waits for. Await several with `tokio::try_join!` to connect them side by side.
    ///
    /// # Errors
    /// [`ConnectError`] with the last attempt's reason once the limit has passed.
    pub async fn connect<T, E, A, F>(
        &self,
        dependency: impl Into<Dependency>,
        attempt: A,
    ) -> Result<T, ConnectError>
    where
        A: Fn() -> F,
        F: Future<Output = Result<T, E>>,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let limits = &self.parts.framework.connect;
        let dependency = dependency.into();
        let health = &self.parts.health;
        let connected = connect(
            &dependency,
            limits,
            Some(limits.total_timeout),
            Some(health),
            attempt,
        )
        .await?;
        if let Some(probe) = dependency.probe() {
            health.register(Probe::critical(dependency.name(), probe));
        }
        Ok(connected)
    }

    /// Connects a dependency that the service can do without for a while (LIFE-7): in the background, for as long as it takes. Until then readiness is
    /// `degraded` and its use fails at once.
    pub fn connect_optional<T, E, A, F>(
        &self,
        dependency: impl Into<Dependency>,
        attempt: A,
    ) -> Optional<T>
    where
        A: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>> + Send + 'static,
        T: Send + Sync + 'static,
    {
        let dependency = dependency.into();
        let probe = dependency.probe();
        let check = move |_: &T| match &probe {
            Some(ask) => ask(),
            None => ready(Ok(())).boxed(),
        };
        self.connect_optional_with_check(dependency, check, attempt)
    }

    /// Connects a dependency as [`connect_optional`](Self::connect_optional) does. Readiness calls
    /// `check` from the first connection on, and is `degraded` while it fails.
    pub fn connect_optional_with_check<T, E, A, F, K>(
        &self,
        dependency: impl Into<Dependency>,
        check: K,
        attempt: A,
    ) -> Optional<T>
    where
        K: Fn(&T) -> BoxFuture<'static, Result<(), CheckFailure>> + Send + Sync + 'static,
        A: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>> + Send + 'static,
        T: Send + Sync + 'static,
    {
        let dependency = dependency.into();
        let optional = Optional::new(dependency.name().into());
        let watched = optional.clone();
        self.parts
            .health
            .register(Probe::optional(dependency.name(), move || {
                let checked = watched.get().map(&check);
                async move {
                    match checked {
                        Ok(checked) => checked.await,
                        Err(error) => Err(CheckFailure::new(error.to_string())),
                    }
                }
            }));
        let connected = optional.clone();
        let limits = self.parts.framework.connect.clone();
        let stop = self.parts.tasks.stop().clone();
        self.parts.tasks.spawn(format!("connect {}", dependency.name()), async move {
            tokio::select! {
                result = connect(&dependency, &limits, None, None, attempt) => if let Ok(value) = result { connected.set(value) },
                () = stop.requested() => {}
            }
        });
        optional
    }

    /// Serves these routes on the public listener once the service is ready. Routes of several calls are served together.
    pub fn http(&self, routes: Routes) {
        let mut handed_over = self.parts.handed_over.lock();
        let routes = match handed_over.routes.take() {
            Some(earlier) => earlier.merge(routes),
            None => routes,
        };
        handed_over.routes = Some(routes);
    }

    /// Serves an OpenAPI document at `/openapi.json`, and a page of it at `/docs`, in development and tests (API-4): for routes that no contract describes. A service with contracts gives
    /// it to them.
    pub fn document(&self, openapi: &'static str) {
        if matches!(self.profile(), Profile::Development | Profile::Test) {
            self.http(document_routes(openapi));
        }
    }

    /// Serves these gRPC calls on a listener of their own (`server.grpc`), which opens when the assembly is complete. Each route is one method of a service:
    /// `POST /package.Service/Method`. The crate `seaworthy-grpc` makes them of contracts.
    pub fn grpc(&self, calls: Routes) {
        let mut handed_over = self.parts.handed_over.lock();
        let calls = match handed_over.calls.take() {
            Some(earlier) => earlier.merge(calls),
            None => calls,
        };
        handed_over.calls = Some(calls);
    }

    /// Serves these routes on the listener for operators once the service is ready. They ask for the admin token as the framework's own do, and a change must carry the header
    /// `x-admin-request`.
    pub fn admin(&self, routes: Routes) {
        let mut handed_over = self.parts.handed_over.lock();
        let routes = match handed_over.admin.take() {
            Some(earlier) => earlier.merge(routes),
            None => routes,
        };
        handed_over.admin = Some(routes);
    }

    /// Gives refusals that are made before a handler is called the form of this service's errors: `http` on the public listener, `grpc` on that for calls.
    pub fn errors(&self, http: ErrorForm, grpc: ErrorForm) {
        let mut handed_over = self.parts.handed_over.lock();
        handed_over.errors = Some(http);
        handed_over.call_errors = Some(grpc);
    }

    /// Chooses which request IDs of clients are kept, over HTTP and gRPC (OBS-7).
    pub fn request_ids(&self, kept: RequestIds) {
        self.parts.handed_over.lock().request_ids = kept;
    }

    /// Finds out who calls, over HTTP and gRPC. From then on a route that does not say who may call is an error of the start (AUTH-5).
    pub fn authenticate(&self, authenticate: impl Authenticate) {
        self.parts.handed_over.lock().authenticate = Some(Arc::new(authenticate));
    }

    /// Starts a worker.
    pub fn worker(&self, worker: Worker) {
        self.parts.workers.start(worker);
    }

    /// Hands over something that was started and is to be stopped in order.
    pub fn component(&self, component: impl Component) {
        self.parts
            .handed_over
            .lock()
            .components
            .push(Arc::new(component));
    }
}

impl From<ConnectError> for StartError {
    fn from(error: ConnectError) -> Self {
        Self::because("a dependency is missing", error)
    }
}

impl From<BuildError> for StartError {
    fn from(error: BuildError) -> Self {
        Self::because("a client cannot be made", error)
    }
}

impl<C: fmt::Debug> fmt::Debug for Assembly<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Assembly")
            .field("service", &self.parts.identity)
            .finish_non_exhaustive()
    }
}
