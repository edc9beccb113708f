use std::{
    convert::Infallible,
    fmt,
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use axum::{
    body::Body,
    extract::{ConnectInfo, DefaultBodyLimit},
};
use bytes::Bytes;
use http::{Request, Response, header, request::Parts};
use seaworthy_core::{Code, Deadline, Error, RequestContext};
use tower_service::Service;

use super::{
    StackBody, StackFuture, Step,
    builder::Inner,
    exchange::{Exchange, Panicked},
    future::State,
    respond::{not_found, other_methods, panicked},
};
use crate::{
    Access, Authentication, Priority, RouteOptions, body_limit,
    cors::PREFLIGHT_STATUS,
    cross_site, deadline,
    load_shed::Admission,
    request_id,
    routes::{Found, MethodLabel, Target},
    rpc::{self, Protocol},
};

/// Maximum length of a user agent, in bytes. The rest is dropped.
const MAX_USER_AGENT_LENGTH: usize = 256;

/// The stack for one connection.
#[derive(Clone)]
pub struct StackService {
    stack: Arc<Inner>,
    peer: SocketAddr,
    tls: bool,
}

impl StackService {
    pub(super) fn new(stack: Arc<Inner>, peer: SocketAddr, tls: bool) -> Self {
        Self { stack, peer, tls }
    }

    fn begin(&self, parts: &Parts, started: Instant, target: Target) -> Exchange {
        let stack = &self.stack;
        let headers = &parts.headers;
        let request_id = request_id::of(headers, stack.request_ids);
        let trace = stack.observer.trace(headers);
        let address = stack.client_address.resolve(self.peer.ip(), headers);
        let timeout = target.options().and_then(RouteOptions::own_timeout);
        let requested = deadline::client_timeout(stack.protocol, headers);
        let allowance = deadline::allowance(timeout.unwrap_or(stack.config.timeout), requested);
        let mut context = RequestContext::new(stack.identity.clone(), request_id, trace)
            .with_client_address(address)
            .with_deadline(Deadline::from_instant(started, allowance));
        if let Some(agent) = headers
            .get(header::USER_AGENT)
            .and_then(|agent| agent.to_str().ok())
        {
            // `to_str` admits ASCII only, so every index is a boundary.
            context = context.with_user_agent(agent.get(..MAX_USER_AGENT_LENGTH).unwrap_or(agent));
        }
        let method = MethodLabel::of(&parts.method);
        let accepted_encodings = match stack.protocol {
            Protocol::Http => stack.compression.accepted(parts, target.options()),
            Protocol::Grpc => None,
        };
        stack.observer.record_start(target.path, method);
        Exchange {
            stack: Arc::clone(stack),
            context: Arc::new(context),
            started,
            method,
            target,
            uri: parts.uri.clone(),
            tls: self.tls,
            cross_origin: stack.cors.classify(headers),
            accepted_encodings,
            compressing: None,
            rate_limit: None,
            challenge: None,
            admission: None,
            status: 0,
            open_ended: None,
            sent: 0,
            complete: false,
            failure: None,
            body: None,
            rpc: None,
            call_deadline: match stack.protocol {
                Protocol::Http => None,
                Protocol::Grpc => requested.and_then(|requested| started.checked_add(requested)),
            },
        }
    }

    /// Returns the response to a CORS preflight. It depends on neither the path nor the method.
    fn preflight(&self, exchange: &Exchange, parts: &Parts) -> Option<Response<Body>> {
        let cors = &self.stack.cors;
        let headers = cors.preflight(&parts.method, &parts.headers, &exchange.cross_origin)?;
        let mut response = Response::new(Body::empty());
        *response.status_mut() = PREFLIGHT_STATUS;
        *response.headers_mut() = headers;
        Some(response)
    }

    /// Runs one step before the handler. Returns the response if the step itself responds to the
    /// request.
    fn run_step(
        &self,
        step: Step,
        exchange: &mut Exchange,
        parts: &Parts,
    ) -> Result<(), Box<Response<Body>>> {
        let stack = &*self.stack;
        let outcome = match step {
            Step::Cors => {
                let response = match stack.protocol {
                    Protocol::Http => self.preflight(exchange, parts),
                    Protocol::Grpc => (!rpc::is_grpc(&parts.headers)).then(rpc::wrong_media_type),
                };
                return response.map_or(Ok(()), |response| Err(Box::new(response)));
            }
            Step::Deadline => deadline::check(exchange.context.deadline(), exchange.started),
            Step::CrossSiteGuard => self.check_site(exchange, parts),
            Step::BodyLimit => self.check_declared_size(exchange, parts),
            Step::LoadShedding => self.admit(exchange, parts),
            // `begin` prepares these steps, and `respond` completes them with the response.
            Step::PanicRecovery
            | Step::RequestId
            | Step::Trace
            | Step::Metrics
            | Step::AccessLog
            | Step::Compression
            | Step::SecurityHeaders
            | Step::ClientIp => Ok(()),
            // `call` runs the first step before all others and the last two after them, because
            // they take the request.
            Step::Probes | Step::Authentication | Step::Routes => Ok(()),
        };
        outcome.map_err(|error| Box::new(exchange.fail(error)))
    }

    fn check_site(&self, exchange: &Exchange, parts: &Parts) -> Result<(), Error> {
        let (found, route) = (&exchange.cross_origin, exchange.target.options());
        let Parts {
            method,
            uri,
            headers,
            ..
        } = parts;
        let is_forged = self.stack.config.reject_cross_site_cookies
            && cross_site::is_forged(method, uri, headers, found, route);
        if is_forged || cross_site::is_foreign(uri, headers, found, route) {
            return Err(Error::new(
                Code::Forbidden,
                "CROSS_SITE_REQUEST",
                "the request comes from a page of another site: send it from an allowed origin",
            ));
        }
        Ok(())
    }

    fn check_declared_size(&self, exchange: &Exchange, parts: &Parts) -> Result<(), Error> {
        let options = exchange.target.options();
        let limit = options.and_then(RouteOptions::own_body_limit);
        let limit = limit.unwrap_or(self.stack.config.max_body_size);
        if body_limit::is_declared_too_large(&parts.headers, limit) {
            return Err(body_limit::too_large(limit));
        }
        Ok(())
    }

    /// Counts the request as in flight, unless its route is a probe.
    fn admit(&self, exchange: &mut Exchange, parts: &Parts) -> Result<(), Error> {
        let options = exchange.target.options();
        if !options.is_some_and(RouteOptions::is_probe) {
            let priority = options.map(|options| self.priority(options, parts));
            let priority = priority.unwrap_or_default();
            let admission = self.stack.load_shed.admit(priority, exchange.started)?;
            exchange.admission = Some(admission);
        }
        Ok(())
    }

    /// Returns the priority of a request. Anonymous requests must not displace those of callers, so
    /// without credentials a request has at most the normal priority, unless its route is public.
    fn priority(&self, options: &RouteOptions, parts: &Parts) -> Priority {
        let declared = options.declared_priority();
        let authenticate = self.stack.authenticate.as_ref();
        let is_anonymous = options.declared_access() != Access::Public
            && authenticate.is_some_and(|authenticate| !authenticate.has_credentials(parts));
        if is_anonymous {
            declared.max(Priority::Normal)
        } else {
            declared
        }
    }
}

impl Exchange {
    /// Returns the options of the request's handler.
    pub(super) fn options(&self) -> &RouteOptions {
        let without_route = || self.stack.table.without_route();
        self.target.options().unwrap_or_else(without_route)
    }

    /// Counts a rejection and sets the challenge.
    pub(super) fn reject_caller(&mut self, error: Error) -> Error {
        let stack = Arc::clone(&self.stack);
        stack.observer.record_unauthenticated(&error);
        self.challenge = stack.authenticate.as_ref().and_then(|authenticate| {
            let options = self.options();
            // A panic in the authenticator must not end the connection.
            let challenge = self.guard(|| authenticate.challenge(&error, options));
            challenge.ok().flatten()
        });
        error
    }

    fn authenticate(&mut self, parts: &Parts) -> Result<Authentication, Error> {
        let Some(authenticate) = self.stack.authenticate.clone() else {
            return Ok(Authentication::Anonymous);
        };
        let options = self.options();
        self.guard(|| authenticate.authenticate(parts, &self.context, options))
            .map_err(|Panicked| panicked())
    }

    /// Runs the last step: calls the handler, or responds with 404 or 405.
    pub(super) fn route(&mut self, request: Request<Body>) -> State {
        let stack = Arc::clone(&self.stack);
        match &self.target.found {
            Found::Endpoint(endpoint) => {
                let limit = endpoint.options().own_body_limit();
                let limit = limit.unwrap_or(stack.config.max_body_size);
                let reader = endpoint.options().body_reader();
                let (mut parts, body) = request.into_parts();
                if let Some(admission) = &self.admission {
                    admission.share(&self.context);
                }
                let body_wait = self.admission.as_ref().map(Admission::body_wait);
                let (body, report) =
                    body_limit::limited(body, limit, &stack.body_budget, reader, body_wait);
                if let Some(report) = report.clone() {
                    self.context.set_memory(report.memory());
                    // A call that continues without its client keeps the charge for its body.
                    parts.extensions.insert(report);
                }
                if !parts.method.is_safe()
                    && let Some(admission) = self.admission.clone()
                {
                    // A call that continues without its client stays in flight.
                    parts.extensions.insert(admission);
                }
                let mut request = Request::from_parts(parts, body);
                if report.is_some() {
                    // Otherwise axum's extractors reject more than 2 MB, also if the route allows
                    // more.
                    let bytes = usize::try_from(limit.get()).unwrap_or(usize::MAX);
                    DefaultBodyLimit::max(bytes).apply(&mut request);
                }
                self.body = report;
                State::handling(endpoint.call(request))
            }
            Found::OtherMethods(allow) => State::respond(
                self.respond_guarded(|| other_methods(request.method(), allow, &stack.errors)),
            ),
            Found::NoRoute => State::respond(self.fail(match stack.protocol {
                Protocol::Http => not_found(),
                Protocol::Grpc => rpc::no_method(),
            })),
        }
    }

    pub(super) fn fail(&self, error: Error) -> Response<Body> {
        self.respond_guarded(|| (self.stack.errors)(error))
    }

    /// Returns a response, and the status 500 if `run` panics.
    fn respond_guarded(&self, run: impl FnOnce() -> Response<Body>) -> Response<Body> {
        self.guard(run).unwrap_or_else(|Panicked| {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
            response
        })
    }
}

impl<B> Service<Request<B>> for StackService
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Response = Response<StackBody>;
    type Error = Infallible;
    type Future = StackFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> StackFuture {
        let (mut parts, body) = request.into_parts();
        let probe = self.stack.probes.as_ref();
        if let Some(response) =
            probe.and_then(|probe| probe.respond(&parts.method, parts.uri.path()))
        {
            return StackFuture::new(None, State::respond(response));
        }
        // The clock of the runtime, which tests can pause.
        let started = tokio::time::Instant::now().into_std();
        parts.extensions.insert(ConnectInfo(self.peer));
        let stack = Arc::clone(&self.stack);
        let target = stack.table.find(&parts.method, parts.uri.path());
        let mut exchange = self.begin(&parts, started, target);

        for step in Step::ORDER {
            if let Err(response) = self.run_step(step, &mut exchange, &parts) {
                return StackFuture::new(Some(exchange), State::respond(*response));
            }
        }
        let identity = match exchange.authenticate(&parts) {
            Ok(Authentication::Pending(future)) => {
                let request = Request::from_parts(parts, Body::new(body));
                let state = State::authenticating(future, request);
                return StackFuture::new(Some(exchange), state);
            }
            Ok(Authentication::Authenticated(identity)) => Ok(Some(identity)),
            Ok(Authentication::Rejected(error)) => Err(error),
            Ok(Authentication::Anonymous) => Ok(None),
            Err(error) => {
                let state = State::respond(exchange.fail(error));
                return StackFuture::new(Some(exchange), state);
            }
        };
        let request = Request::from_parts(parts, Body::new(body));
        let state = exchange.identified(request, identity);
        StackFuture::new(Some(exchange), state)
    }
}

impl fmt::Debug for StackService {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StackService")
            .field("peer", &self.peer)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}
