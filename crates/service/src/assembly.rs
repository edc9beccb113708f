mod dependencies;
mod public_metrics;

use std::{collections::BTreeSet, fmt, path::Path, sync::Arc};

use parking_lot::Mutex;
use seaworthy_client::HttpClients;
use seaworthy_config::{Profile, Reloadable, Settings};
use seaworthy_core::{ServiceIdentity, SwitchKind, Switches};
use seaworthy_health::Health;
use seaworthy_http::{
    Authenticate, BodyBudget, ErrorRenderer, FlagGate, RequestIds, Routes, openapi_routes,
    server::ReceiveWindows,
};
use seaworthy_resilience::policies::Resilience;
use seaworthy_telemetry::{Telemetry, metrics::Metrics};

use crate::{
    component::Component,
    config::FrameworkConfig,
    facts::Description,
    memory_check::memory_checks,
    preflight::memory_limit,
    settings_reload::SettingsReload,
    task::Tasks,
    worker::{Worker, Workers},
};

/// The switch of the OpenAPI document and its page.
const DOCUMENT_SWITCH: &str = "swagger_ui";

/// The argument of the assembly function of a service: its settings, and the parts of the kernel.
///
/// The assembly function runs before the service is ready, while the listeners respond to probes.
/// The kernel stops the components that the function adds, in order.
pub struct Assembly<C> {
    pub(crate) settings: Arc<C>,
    pub(crate) reloadable: Reloadable<C>,
    pub(crate) parts: Parts,
}

/// The shared parts of the kernel.
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
    pub(crate) http_clients: HttpClients,
    pub(crate) settings_reload: SettingsReload,
    pub(crate) switches: Switches,
    /// The memory budget of all listeners for clients.
    pub(crate) body_budget: BodyBudget,
    /// The limit on HTTP/2 receive windows of all listeners.
    pub(crate) receive_windows: ReceiveWindows,
    pub(crate) added: Arc<Mutex<AddedParts>>,
    pub(crate) description: Description,
}

impl Parts {
    /// Returns the scope of names in stores, see [`Assembly::store_scope`].
    pub(crate) fn store_scope(&self) -> String {
        format!("{}:{}", self.identity.name(), self.profile.name())
    }
}

/// Adds layers to the routes of a listener.
pub(crate) type Wrapper = Box<dyn Fn(Routes) -> Routes + Send + Sync>;

/// The parts that the assembly function adds.
#[derive(Default)]
pub(crate) struct AddedParts {
    pub(crate) routes: Option<Routes>,
    pub(crate) grpc_routes: Option<Routes>,
    pub(crate) admin: Option<Routes>,
    pub(crate) probes: Option<Routes>,
    /// The probes until the assembly is complete.
    pub(crate) early_probes: Option<Routes>,
    pub(crate) errors: Option<ErrorRenderer>,
    pub(crate) grpc_errors: Option<ErrorRenderer>,
    pub(crate) request_ids: RequestIds,
    pub(crate) wrappers: Vec<Wrapper>,
    pub(crate) authenticate: Option<Arc<dyn Authenticate>>,
    pub(crate) flags: Option<Arc<dyn FlagGate>>,
    pub(crate) components: Vec<Arc<dyn Component>>,
    /// The names of clients, which the entries of `clients` must match.
    pub(crate) http_clients: BTreeSet<String>,
    /// The names of clients, which the entries of `grpc_clients` must match.
    pub(crate) grpc_clients: BTreeSet<String>,
}

impl AddedParts {
    /// Adds the layers of the assembly.
    pub(crate) fn wrap(&self, routes: Routes) -> Routes {
        let wrappers = self.wrappers.iter();
        wrappers.fold(routes, |routes, wrap| wrap(routes))
    }
}

impl<C: Settings> Assembly<C> {
    /// Returns the settings of the service, as they were at the start.
    #[must_use]
    pub fn settings(&self) -> &C {
        &self.settings
    }

    /// Returns the settings of the service. Reloadable ones follow every reload (CONF-4).
    #[must_use]
    pub fn reloadable(&self) -> Reloadable<C> {
        self.reloadable.clone()
    }

    /// Returns the settings of the framework.
    #[must_use]
    pub fn framework(&self) -> &FrameworkConfig {
        &self.parts.framework
    }

    /// Returns the name of the service and its profile, such as `orders:production`. Begin keys in
    /// a store with it, so that services and environments which share the store have different
    /// keys.
    #[must_use]
    pub fn store_scope(&self) -> String {
        self.parts.store_scope()
    }

    /// Returns the profile.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.parts.profile
    }

    /// Returns the name, version and instance of the service.
    #[must_use]
    pub fn identity(&self) -> &ServiceIdentity {
        &self.parts.identity
    }

    /// Returns the metrics registry of the service.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        self.parts.telemetry.metrics()
    }

    /// Returns logs, traces and error reports.
    #[must_use]
    pub fn telemetry(&self) -> &Telemetry {
        &self.parts.telemetry
    }

    /// Returns the health of the service, at which you register checks.
    #[must_use]
    pub fn health(&self) -> &Health {
        &self.parts.health
    }

    /// Registers checks of the resident memory against the limit of the container (HLTH-4). Above
    /// 80 % the service is degraded, and above 95 % it is not ready. Without a limit they are
    /// healthy.
    pub fn check_memory(&self) {
        let root = Path::new("/");
        for probe in memory_checks(root, memory_limit(root)) {
            self.health().register(probe);
        }
    }

    /// Returns the tasks of the service.
    #[must_use]
    pub fn tasks(&self) -> &Tasks {
        &self.parts.tasks
    }

    /// Returns the workers of the service.
    #[must_use]
    pub fn workers(&self) -> &Workers {
        &self.parts.workers
    }

    /// Returns the policies of the dependencies, by name.
    #[must_use]
    pub fn resilience(&self) -> &Resilience {
        &self.parts.resilience
    }

    /// Returns the clients whose settings follow each reload of `clients` (CONF-4). Those of
    /// [`http_client_builder`](Self::http_client_builder) belong to it.
    #[must_use]
    pub fn http_clients(&self) -> &HttpClients {
        &self.parts.http_clients
    }

    /// Returns the hooks that get reloaded settings of the framework (CONF-4).
    #[must_use]
    pub fn settings_reload(&self) -> &SettingsReload {
        &self.parts.settings_reload
    }

    /// Returns the parts of the framework that can be turned off at run time (FLAG-2).
    #[must_use]
    pub fn switches(&self) -> &Switches {
        &self.parts.switches
    }

    /// Returns the record of what the service publishes, consumes and stores, for the command
    /// `describe`.
    #[must_use]
    pub fn description(&self) -> &Description {
        &self.parts.description
    }

    /// Adds probes to the public listener, and to the listener of probes if `health.addr` is set.
    /// They respond when the service is ready. For earlier requests, also pass them to
    /// [`Service::early_probes`](crate::Service::early_probes).
    pub fn probes(&self, routes: Routes) {
        self.http(routes.clone());
        let mut added = self.parts.added.lock();
        let routes = match added.probes.take() {
            Some(earlier) => earlier.merge(routes),
            None => routes,
        };
        added.probes = Some(routes);
    }

    /// Adds routes to the public listener. It serves them when the service is ready.
    pub fn http(&self, routes: Routes) {
        let mut added = self.parts.added.lock();
        let routes = match added.routes.take() {
            Some(earlier) => earlier.merge(routes),
            None => routes,
        };
        added.routes = Some(routes);
    }

    /// Serves an OpenAPI document at `/openapi.json` and its page at `/docs`, in development and
    /// test, or as the settings `api_document` allow (API-4). Use it for routes without a contract.
    /// A service with contracts passes the document to them. The switch `swagger_ui` turns both
    /// off.
    pub fn document(&self, openapi: &'static str) {
        let is_development = matches!(self.profile(), Profile::Development | Profile::Test);
        let config = &self.framework().api_document;
        let switch = self
            .switches()
            .register(DOCUMENT_SWITCH, SwitchKind::Operational);
        self.http(openapi_routes(openapi, config, is_development, switch));
    }

    /// Serves the metrics at a path of the public listener, in the Prometheus text format and
    /// without authentication. Requests cost one rendering per second.
    pub fn public_metrics(&self, path: &str) {
        self.http(public_metrics::route(path, self.metrics()));
    }

    /// Adds gRPC routes to the listener `server.grpc`, which opens after the assembly. Each route
    /// is one method: `POST /package.Service/Method`. The crate `seaworthy-grpc` creates them from
    /// contracts.
    pub fn grpc(&self, routes: Routes) {
        let mut added = self.parts.added.lock();
        let routes = match added.grpc_routes.take() {
            Some(earlier) => earlier.merge(routes),
            None => routes,
        };
        added.grpc_routes = Some(routes);
    }

    /// Adds routes to the admin listener. They need the admin token like its other routes, and
    /// changes need the header `x-admin-request`.
    pub fn admin(&self, routes: Routes) {
        let mut added = self.parts.added.lock();
        let routes = match added.admin.take() {
            Some(earlier) => earlier.merge(routes),
            None => routes,
        };
        added.admin = Some(routes);
    }

    /// Sets the format of errors that the stack returns before a handler runs: `http` on the public
    /// listener, `grpc` on the gRPC listener.
    pub fn error_renderers(&self, http: ErrorRenderer, grpc: ErrorRenderer) {
        let mut added = self.parts.added.lock();
        added.errors = Some(http);
        added.grpc_errors = Some(grpc);
    }

    /// Adds layers to all routes of the public and the gRPC listener, also those that are added
    /// later. They run after all steps of the stack, as [`Routes::layer`] describes.
    pub fn wrap_routes(&self, wrap: impl Fn(Routes) -> Routes + Send + Sync + 'static) {
        let mut added = self.parts.added.lock();
        added.wrappers.push(Box::new(wrap));
    }

    /// Sets which request IDs of clients are kept, over HTTP and gRPC (OBS-7).
    pub fn request_ids(&self, kept: RequestIds) {
        self.parts.added.lock().request_ids = kept;
    }

    /// Sets the authentication of callers, over HTTP and gRPC. With it, every route must declare
    /// its access, otherwise startup fails (AUTH-5).
    pub fn authenticate(&self, authenticate: impl Authenticate) {
        self.parts.added.lock().authenticate = Some(Arc::new(authenticate));
    }

    /// Sets the feature flags that routes require, over HTTP and gRPC.
    pub fn flag_gate(&self, flags: impl FlagGate) {
        self.parts.added.lock().flags = Some(Arc::new(flags));
    }

    /// Starts a worker.
    pub fn worker(&self, worker: Worker) {
        self.parts.workers.start(worker);
    }

    /// Adds a started component, which stops in order.
    pub fn component(&self, component: impl Component) {
        self.parts.added.lock().components.push(Arc::new(component));
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
