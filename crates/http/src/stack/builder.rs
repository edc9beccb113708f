use std::{fmt, net::SocketAddr, sync::Arc};

use axum::{body::Body, response::IntoResponse};
use http::Response;
use seaworthy_core::{ByteSize, Error, ServiceIdentity, Switch, SwitchKind, Switches};
use seaworthy_resilience::rate_limit::{RateLimits, RateLimitsError, shared::StoreError};
use seaworthy_telemetry::Telemetry;

use super::StackService;
use crate::{
    Authenticate, BodyBudget, CorsError, DEFAULT_BODY_BUDGET, FlagGate, HealthSource, HttpConfig,
    RequestIds, RouteDescription, RouteError, Routes, SecurityHeadersError,
    client_address::ClientAddress,
    compression::Compression,
    cors::Cors,
    health::HealthPaths,
    load_shed::LoadShed,
    observe::Observer,
    routes::{Table, check_access},
    rpc::{self, Protocol},
    security_headers::SecurityHeaders,
};

/// The name of the limit of the listener in the response headers.
const LISTENER_LIMIT: &str = "default";

/// Routes with the fixed order of middleware. Cheap to clone. All clones share limits and counts.
#[derive(Clone)]
pub struct Stack(Arc<Inner>);

pub(crate) struct Inner {
    pub(super) identity: ServiceIdentity,
    pub(super) config: HttpConfig,
    pub(super) table: Table,
    pub(super) listed: Vec<RouteDescription>,
    pub(super) probes: Option<HealthPaths>,
    pub(super) observer: Observer,
    pub(super) security_headers: SecurityHeaders,
    pub(super) cors: Cors,
    pub(super) compression: Compression,
    pub(super) client_address: ClientAddress,
    pub(super) load_shed: LoadShed,
    pub(super) body_budget: BodyBudget,
    pub(super) rate_limits: RateLimits,
    pub(super) authenticate: Option<Arc<dyn Authenticate>>,
    pub(super) protocol: Protocol,
    pub(super) request_ids: RequestIds,
    pub(super) errors: ErrorRenderer,
    /// While it is off, rate limits neither count nor reject requests.
    pub(super) rate_limit_switch: Switch,
    pub(super) flags: Option<Arc<dyn FlagGate>>,
}

/// Creates the response for an error, in the context of the request. It inserts the
/// [`ResponseError`](seaworthy_core::ResponseError) into the extensions, so that the log has the
/// cause.
pub type ErrorRenderer = Arc<dyn Fn(Error) -> Response<Body> + Send + Sync>;

/// An error in the routes or settings of a stack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StackError {
    /// A route is invalid.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// A CORS setting is invalid.
    #[error(transparent)]
    Cors(#[from] CorsError),
    /// A security header is invalid.
    #[error(transparent)]
    SecurityHeaders(#[from] SecurityHeadersError),
    /// A rate limit is invalid.
    #[error(transparent)]
    RateLimit(#[from] RateLimitsError),
    /// The access log excludes every path.
    #[error("`/` excludes every request: remove it, or set access_log.enabled to false")]
    AccessLog,
    /// A route requires a feature flag that cannot decide.
    #[error("{path} requires the feature flag {flag:?}: {problem}")]
    Flag {
        /// The path of the route.
        path: String,
        /// The key of the flag.
        flag: String,
        /// A description of the problem.
        problem: String,
    },
    /// A route admits bodies that exceed the budget for request bodies.
    #[error(
        "{path} accepts bodies of {limit}, which exceeds server.max_body_memory of {budget}: lower its body limit or raise server.max_body_memory"
    )]
    BodyBudget {
        /// The path of the route.
        path: String,
        /// The body limit of the route.
        limit: ByteSize,
        /// The budget for all request bodies.
        budget: ByteSize,
    },
}

impl StackError {
    /// Returns the key of the invalid setting below that of the stack. Empty for a route.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::Route(_) | Self::BodyBudget { .. } | Self::Flag { .. } => "",
            Self::Cors(error) => error.key(),
            Self::SecurityHeaders(_) => "security_headers",
            Self::RateLimit(_) => "rate_limit",
            Self::AccessLog => "access_log.exclude_paths",
        }
    }
}

impl HttpConfig {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`StackError`] for the first invalid setting.
    pub fn check(&self) -> Result<(), StackError> {
        SecurityHeaders::new(&self.security_headers)?;
        Cors::new(&self.cors)?;
        self.rate_limit.check()?;
        if self.access_log.excludes_all() {
            return Err(StackError::AccessLog);
        }
        Ok(())
    }
}

/// Builds a [`Stack`].
#[must_use = "a builder does nothing until it builds"]
pub struct StackBuilder {
    identity: ServiceIdentity,
    config: HttpConfig,
    telemetry: Telemetry,
    health: Option<Arc<dyn HealthSource>>,
    authenticate: Option<Arc<dyn Authenticate>>,
    protocol: Protocol,
    request_ids: RequestIds,
    errors: Option<ErrorRenderer>,
    body_budget: Option<BodyBudget>,
    switches: Switches,
    flags: Option<Arc<dyn FlagGate>>,
    rate_limit_scope: Option<String>,
}

impl StackBuilder {
    /// Sets the feature flags, which decide whether routes are available.
    pub fn flags(mut self, flags: Arc<dyn FlagGate>) -> Self {
        self.flags = Some(flags);
        self
    }

    /// Sets the switches of the service. `rate_limit` and `access_log` turn these steps off.
    pub fn switches(mut self, switches: &Switches) -> Self {
        self.switches = switches.clone();
        self
    }

    /// Treats requests as gRPC calls. The client's timeout is `grpc-timeout`, errors are a gRPC
    /// status, and logs, metrics and traces have service, method and status code.
    pub fn grpc(mut self) -> Self {
        self.protocol = Protocol::Grpc;
        self
    }

    /// Sets the format of the stack's errors. The default is a problem document, for gRPC a status.
    pub fn error_renderer(mut self, renderer: ErrorRenderer) -> Self {
        self.errors = Some(renderer);
        self
    }

    /// Sets which request IDs of clients the stack accepts.
    pub fn request_ids(mut self, accepted: RequestIds) -> Self {
        self.request_ids = accepted;
        self
    }

    /// Charges request bodies to a budget that other listeners of the process share. Without this
    /// call the stack has its own budget of [`DEFAULT_BODY_BUDGET`].
    pub fn body_budget(mut self, budget: BodyBudget) -> Self {
        self.body_budget = Some(budget);
        self
    }

    /// Sets the prefix of the keys of rate limits in Redis. The default is the name of the service.
    pub fn rate_limit_scope(mut self, scope: impl Into<String>) -> Self {
        self.rate_limit_scope = Some(scope.into());
        self
    }

    /// Sets the source of the health probes.
    pub fn health(mut self, health: impl HealthSource) -> Self {
        self.health = Some(Arc::new(health));
        self
    }

    /// Sets the authentication.
    pub fn authenticate(mut self, authenticate: impl Authenticate) -> Self {
        self.authenticate = Some(Arc::new(authenticate));
        self
    }

    /// Builds the stack with these routes.
    ///
    /// # Errors
    /// The first invalid route or setting.
    pub fn build(self, routes: Routes) -> Result<Stack, StackError> {
        let body_budget = self
            .body_budget
            .unwrap_or_else(|| BodyBudget::new(DEFAULT_BODY_BUDGET, self.telemetry.metrics()));
        if let Some((path, limit)) = routes.max_body_limit()
            && limit > body_budget.limit()
        {
            return Err(StackError::BodyBudget {
                path: path.to_owned(),
                limit,
                budget: body_budget.limit(),
            });
        }
        let listed = routes.list();
        check_access(&listed, self.authenticate.is_some())?;
        check_flags(&listed, self.flags.as_deref())?;
        let table = Table::new(routes)?;
        let config = self.config;
        let probes = self.health.map(|health| {
            HealthPaths::new(self.identity.name(), health, |path| {
                table.has_template(path)
            })
        });
        Ok(Stack(Arc::new(Inner {
            probes,
            observer: Observer::new(
                &self.telemetry,
                &table,
                &config,
                self.protocol,
                self.switches
                    .register("access_log", SwitchKind::Operational),
            ),
            rate_limit_switch: self.switches.register("rate_limit", SwitchKind::Security),
            security_headers: SecurityHeaders::new(&config.security_headers)?,
            cors: Cors::new(&config.cors)?,
            compression: Compression::new(&config.compression),
            client_address: ClientAddress::new(&config.trusted_proxies, config.forwarded_header),
            body_budget,
            load_shed: LoadShed::new(
                self.protocol.label(),
                &config.load_shed,
                self.telemetry.metrics(),
            ),
            rate_limits: RateLimits::with_header_name(
                self.rate_limit_scope
                    .as_deref()
                    .unwrap_or(self.identity.name()),
                self.protocol.limits(),
                LISTENER_LIMIT,
                &config.rate_limit,
                self.telemetry.metrics(),
            )?,
            authenticate: self.authenticate,
            protocol: self.protocol,
            request_ids: self.request_ids,
            flags: self.flags,
            errors: self.errors.unwrap_or_else(|| match self.protocol {
                Protocol::Http => Arc::new(IntoResponse::into_response),
                Protocol::Grpc => Arc::new(rpc::rejection),
            }),
            identity: self.identity,
            config,
            table,
            listed,
        })))
    }
}

/// Declares the flags that routes require.
fn check_flags(
    routes: &[RouteDescription],
    flags: Option<&dyn FlagGate>,
) -> Result<(), StackError> {
    for route in routes {
        let Some(flag) = &route.flag else { continue };
        let declared = match flags {
            Some(flags) => flags.declare(flag),
            None => Err("the service has no feature flags: start them in the assembly".to_owned()),
        };
        declared.map_err(|problem| StackError::Flag {
            path: route.path.clone(),
            flag: flag.clone(),
            problem,
        })?;
    }
    Ok(())
}

impl Stack {
    /// Returns a builder. The stack reports requests to `telemetry`.
    pub fn builder(
        identity: ServiceIdentity,
        config: HttpConfig,
        telemetry: &Telemetry,
    ) -> StackBuilder {
        StackBuilder {
            identity,
            config,
            telemetry: telemetry.clone(),
            health: None,
            authenticate: None,
            protocol: Protocol::default(),
            request_ids: RequestIds::default(),
            errors: None,
            body_budget: None,
            switches: Switches::default(),
            flags: None,
            rate_limit_scope: None,
        }
    }

    /// Creates the service for one connection. Handlers receive `peer` from the extractor
    /// [`ConnectInfo<SocketAddr>`](axum::extract::ConnectInfo).
    #[must_use]
    pub fn connection(&self, peer: SocketAddr, tls: bool) -> StackService {
        StackService::new(Arc::clone(&self.0), peer, tls)
    }

    /// Returns all routes, for the admin listener.
    #[must_use]
    pub fn routes(&self) -> &[RouteDescription] {
        &self.0.listed
    }

    /// Returns the names of all routes in lists of feature flags, such as `GET /reports/{id}`.
    pub fn apis(&self) -> impl Iterator<Item = &str> {
        let listed = self.0.listed.iter();
        listed.flat_map(|route| route.apis.iter().map(String::as_str))
    }

    /// Applies the reloadable settings of a new configuration: rate limits and CORS origins
    /// (CONF-4).
    ///
    /// # Errors
    /// The first invalid setting. Then nothing changes.
    pub fn reload(&self, config: &HttpConfig) -> Result<(), StackError> {
        config.check()?;
        self.0.cors.reload(&config.cors)?;
        self.0.rate_limits.reload(&config.rate_limit)?;
        Ok(())
    }

    /// Checks that the rate limits of the listener can count. See
    /// [`RateLimits::check_store`]. They need no Redis while their switch is off.
    ///
    /// # Errors
    /// [`StoreError`] if Redis does not accept a write.
    pub async fn check_rate_limits(&self) -> Result<(), StoreError> {
        if !self.0.rate_limit_switch.is_on() {
            return Ok(());
        }
        self.0.rate_limits.check_store().await
    }

    /// Returns the routes with requests in flight and their number.
    #[must_use]
    pub fn in_flight_routes(&self) -> Vec<String> {
        self.0.observer.running()
    }

    /// Returns the number of requests in flight.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.0.load_shed.in_flight()
    }

    #[cfg(test)]
    pub(super) fn has_base_latency(&self) -> bool {
        self.0.load_shed.has_base_latency()
    }

    pub(super) fn config(&self) -> &HttpConfig {
        &self.0.config
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Stack")
            .field("service", &self.0.identity.name())
            .field("routes", &self.0.listed.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for StackBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StackBuilder")
            .field("service", &self.identity.name())
            .finish_non_exhaustive()
    }
}
