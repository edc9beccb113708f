use std::{
    convert::Infallible,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

use axum::{body::Body, response::IntoResponse as _, routing::any};
use http::{HeaderValue, Request, Response};
use seaworthy_core::{Code, Error};
use seaworthy_http::{
    ErrorRenderer, Routes, Stack, StackBody, StackError, StackFuture, StackService,
    server::ConnectionInfo,
};
use seaworthy_resilience::UNPROCESSED;
use tower_service::Service;

/// The value of [`UNPROCESSED`] before the assembly is complete.
const STARTING: HeaderValue = HeaderValue::from_static("starting");

/// Responds only to probes until the assembly is complete. Then it serves the routes, on open
/// connections too.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    closed: Stack,
    open: Arc<OnceLock<Stack>>,
}

impl Gate {
    /// Creates a closed gate. `probes` are the probes besides those of the framework, `errors` is
    /// the renderer of the rejections, and `build` builds the stack of the rejecting routes.
    pub(crate) fn closed(
        probes: Option<Routes>,
        errors: Option<ErrorRenderer>,
        build: impl FnOnce(Routes) -> Result<Stack, StackError>,
    ) -> Result<Self, StackError> {
        let refuse = async move || {
            // Without `Retry-After`: its minimum of one second is longer than most starts.
            let error = Error::new(Code::Unavailable, "STARTING", "the service is starting");
            let mut response = match &errors {
                Some(renderer) => renderer(error),
                None => error.into_response(),
            };
            // Clients of this framework wait and send the request again.
            response.headers_mut().insert(UNPROCESSED, STARTING);
            response
        };
        let routes = probes
            .unwrap_or_default()
            .route("/", any(refuse.clone()))
            .route("/{*path}", any(refuse));
        Ok(Self {
            closed: build(routes)?,
            open: Arc::default(),
        })
    }

    /// Creates an open gate.
    pub(crate) fn from_stack(stack: Stack) -> Self {
        Self {
            closed: stack,
            open: Arc::default(),
        }
    }

    /// Opens the gate: the next requests use `stack`.
    pub(crate) fn open(&self, stack: Stack) {
        let _ = self.open.set(stack);
    }

    /// Returns the current stack.
    pub(crate) fn stack(&self) -> &Stack {
        self.open.get().unwrap_or(&self.closed)
    }

    /// Creates the service for one connection.
    pub(crate) fn connection(&self, info: &ConnectionInfo) -> GateService {
        let is_open = self.open.get().is_some();
        GateService {
            serving: serving(self.stack(), info),
            is_open,
            gate: self.clone(),
            info: info.clone(),
        }
    }
}

/// The service of one connection.
#[derive(Clone)]
pub(crate) struct GateService {
    gate: Gate,
    serving: StackService,
    is_open: bool,
    info: ConnectionInfo,
}

fn serving(stack: &Stack, info: &ConnectionInfo) -> StackService {
    stack.connection(info.peer(), info.tls().is_some())
}

impl Service<Request<Body>> for GateService {
    type Response = Response<StackBody>;
    type Error = Infallible;
    type Future = StackFuture;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request<Body>>::poll_ready(&mut self.serving, context)
    }

    fn call(&mut self, mut request: Request<Body>) -> StackFuture {
        if !self.is_open
            && let Some(stack) = self.gate.open.get()
        {
            self.serving = serving(stack, &self.info);
            self.is_open = true;
        }
        // A certificate identifies its client. Without TLS the context of the request describes the
        // connection completely.
        if self.info.tls().is_some() {
            request.extensions_mut().insert(self.info.clone());
        }
        self.serving.call(request)
    }
}
