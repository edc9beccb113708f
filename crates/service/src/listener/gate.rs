use std::{
    convert::Infallible,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};

use axum::{body::Body, routing::any};
use http::{Request, Response};
use seaworthy_core::{Code, Error};
use seaworthy_http::{
    Routes, Stack, StackBody, StackError, StackFuture, StackService, server::ConnectionInfo,
};
use tower_service::Service;

/// A client that comes too early has most often missed by less than this.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Serves probes and refuses requests until the service is assembled, and its routes from then on, also on connections that are open already.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    closed: Stack,
    open: Arc<OnceLock<Stack>>,
}

impl Gate {
    /// A closed gate. `build` makes a stack of the routes that refuse.
    pub(crate) fn closed(
        build: impl FnOnce(Routes) -> Result<Stack, StackError>,
    ) -> Result<Self, StackError> {
        let refuse = async || -> Result<(), Error> {
            Err(
                Error::new(Code::Unavailable, "STARTING", "the service is starting")
                    .with_retry_after(RETRY_AFTER),
            )
        };
        let routes = Routes::new()
            .route("/", any(refuse))
            .route("/{*path}", any(refuse));
        Ok(Self {
            closed: build(routes)?,
            open: Arc::default(),
        })
    }

    /// A gate in front of nothing that has to be waited for.
    pub(crate) fn of(stack: Stack) -> Self {
        Self {
            closed: stack,
            open: Arc::default(),
        }
    }

    /// Serves `stack` from now on.
    pub(crate) fn open(&self, stack: Stack) {
        let _ = self.open.set(stack);
    }

    /// The stack that serves now.
    pub(crate) fn stack(&self) -> &Stack {
        self.open.get().unwrap_or(&self.closed)
    }

    /// The service for one connection.
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

/// The gate as one connection sees it.
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
        // Who shows a certificate is known by it. Of a connection without TLS there is nothing that the context of the request does not tell, and its requests pay for nothing.
        if self.info.tls().is_some() {
            request.extensions_mut().insert(self.info.clone());
        }
        self.serving.call(request)
    }
}
