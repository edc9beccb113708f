//! The work that a session waits for: the check of credentials, or the handler of an event.

use std::{future::Future, net::IpAddr, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::{FutureExt as _, future::BoxFuture};
use seaworthy_core::{
    Code, Deadline, Error, RequestContext, ServiceIdentity, context, error_chain,
};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{Call, Handshake, Peer, server::Server};
use crate::Message;

pub(super) enum WorkOutcome {
    Authenticated(Handshake, Result<Peer, Error>),
    Refreshed(Arc<str>, Option<u64>, Result<Peer, Error>),
    Handled(Arc<str>, Option<u64>, Result<Message, Error>),
}

/// The service and the client of a session.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    service: Option<ServiceIdentity>,
    pub(super) address: Option<IpAddr>,
}

impl Origin {
    /// Reads the context of the current request.
    pub(super) fn current() -> Self {
        context::with_current(|context| Self {
            service: context.map(|context| context.service().clone()),
            address: context.and_then(RequestContext::client_address),
        })
    }

    /// Runs work in a separate context, within a timeout. A panic is an internal error.
    async fn run<T>(
        self,
        peer: Option<Arc<Peer>>,
        limit: Duration,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let work = AssertUnwindSafe(timeout(limit, work)).catch_unwind();
        let result = match self.service {
            None => work.await,
            Some(service) => {
                let mut context =
                    RequestContext::background(service).with_deadline(Deadline::after(limit));
                if let Some(address) = self.address {
                    context = context.with_client_address(address);
                }
                if let Some(peer) = peer {
                    if let Some(actor) = peer.actor() {
                        context.set_actor(actor.clone());
                    }
                    context.set_grants(peer.grants().clone());
                }
                context::scope(Arc::new(context), work).await
            }
        };
        match result {
            Ok(Ok(result)) => result,
            Ok(Err(_elapsed)) => Err(Error::new(
                Code::DeadlineExceeded,
                "DEADLINE_EXCEEDED",
                "the event was not handled in time",
            )),
            Err(_panic) => Err(Error::internal("the handler panicked")),
        }
    }
}

pub(super) fn authenticate(
    server: &Arc<Server>,
    origin: Origin,
    handshake: Handshake,
) -> BoxFuture<'static, WorkOutcome> {
    let server = Arc::clone(server);
    let limit = server.hub.config().connect_timeout.get();
    Box::pin(async move {
        let peer = (server.authenticate)(handshake.clone());
        let result = origin.run(None, limit, peer).await;
        WorkOutcome::Authenticated(
            handshake,
            result.inspect_err(|error| record("connect", error)),
        )
    })
}

pub(super) fn refresh(
    server: &Arc<Server>,
    origin: Origin,
    handshake: Handshake,
    ack: Option<u64>,
) -> BoxFuture<'static, WorkOutcome> {
    let server = Arc::clone(server);
    let limit = server.hub.config().connect_timeout.get();
    Box::pin(async move {
        let namespace = Arc::from(handshake.namespace());
        let peer = (server.authenticate)(handshake);
        let result = origin.run(None, limit, peer).await;
        WorkOutcome::Refreshed(
            namespace,
            ack,
            result.inspect_err(|error| record("refresh", error)),
        )
    })
}

pub(super) fn handle(
    server: &Arc<Server>,
    origin: Origin,
    event: &str,
    call: Call,
    ack: Option<u64>,
) -> BoxFuture<'static, WorkOutcome> {
    let limit = server.hub.config().call_timeout.get();
    let namespace = Arc::clone(&call.socket.namespace);
    let Some(handler) = server.handlers.get(event).cloned() else {
        server.rejected.increment();
        let unknown = Error::new(Code::NotFound, "UNKNOWN_EVENT", "the event is not known");
        return Box::pin(async move { WorkOutcome::Handled(namespace, ack, Err(unknown)) });
    };
    let event = event.to_owned();
    Box::pin(async move {
        let peer = Arc::clone(&call.socket.peer);
        let result = origin.run(Some(peer), limit, (handler.handle)(call)).await;
        match &result {
            Ok(_) => handler.handled.increment(),
            Err(error) => {
                handler.failed.increment();
                record(&event, error);
            }
        }
        WorkOutcome::Handled(namespace, ack, result)
    })
}

/// Returns the acknowledgement of a failed event.
pub(super) fn failure(error: &Error) -> Value {
    json!({ "ok": false, "code": error.reason(), "message": error.message() })
}

fn record(event: &str, error: &Error) {
    let cause = error_chain(error);
    if error.code() == Code::Internal {
        tracing::error!(event, error = cause, "event from a client failed");
    } else {
        tracing::debug!(event, error = cause, "event from a client rejected");
    }
}
