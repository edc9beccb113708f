use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures::{
    FutureExt as _,
    future::{BoxFuture, ready},
};
use http::{Response, header::AUTHORIZATION};
use hyper::body::Incoming;
use hyper_util::client::legacy::{Client, Error as HyperError};
use seaworthy_resilience::{retry::ReplayBody, timeout::ReloadableTimeout};
use tokio::time::Instant;
use tower_service::Service;

use crate::{
    ClientError, RequestBody, TimeoutKind,
    connect::{AddressDenied, ConnectTimedOut, Connector, find},
    credentials::Caller,
    replay::ReplayRequest,
    resend::{self, Limits},
};

/// The context of one attempt, as an extension of its request.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) host: Arc<str>,
    pub(crate) deadline: Instant,
    pub(crate) sends_timeout: bool,
    pub(crate) count: Arc<AtomicU32>,
    /// The body, if it is in memory.
    pub(crate) bytes: Option<Bytes>,
    /// Whether the request may contain the client's credentials and use its certificate.
    pub(crate) sends_credentials: bool,
}

/// Sends a request over the connection pool.
#[derive(Debug, Clone)]
pub(crate) struct Transport {
    pub(crate) client: Client<Connector, ReplayBody<RequestBody>>,
    /// A pool of connections without the client's certificate. `None` if the client has none.
    pub(crate) anonymous: Option<Client<Connector, ReplayBody<RequestBody>>>,
    pub(crate) timeout: ReloadableTimeout,
    /// How long a request waits for a service that is starting.
    pub(crate) max_refused_wait: Duration,
    pub(crate) caller: Option<Caller>,
}

impl Service<ReplayRequest> for Transport {
    type Response = Response<Incoming>;
    type Error = ClientError;
    type Future = BoxFuture<'static, Result<Response<Incoming>, ClientError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ClientError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: ReplayRequest) -> Self::Future {
        let mut host: Arc<str> = Arc::from("");
        let mut client = &self.client;
        let mut bytes = None;
        let now = Instant::now();
        let mut limits = Limits {
            announced_deadline: None,
            resend_deadline: now + self.max_refused_wait,
        };
        if let Some(attempt) = request.extensions_mut().remove::<Attempt>() {
            attempt.count.fetch_add(1, Ordering::Relaxed);
            if attempt.sends_timeout {
                let left = attempt.deadline.saturating_duration_since(now);
                limits.announced_deadline = Some(now + left.min(self.timeout.get()));
            }
            host = attempt.host;
            bytes = attempt.bytes;
            if !attempt.sends_credentials {
                client = self.anonymous.as_ref().unwrap_or(client);
            }
            let caller = self.caller.as_ref().filter(|_| {
                attempt.sends_credentials && !request.headers().contains_key(AUTHORIZATION)
            });
            if let Some(caller) = caller {
                match caller.authorization(&host) {
                    Ok(value) => request.headers_mut().insert(AUTHORIZATION, value),
                    Err(error) => return ready(Err(error)).boxed(),
                };
            }
        }
        resend::send(client.clone(), request, bytes, limits)
            .map(move |result| result.map_err(|error| failure(host, error)))
            .boxed()
    }
}

fn failure(host: Arc<str>, error: HyperError) -> ClientError {
    if let Some(AddressDenied(address)) = find(&error) {
        let address = *address;
        return ClientError::AddressDenied { host, address };
    }
    if let Some(ConnectTimedOut(after)) = find(&error) {
        let (kind, after) = (TimeoutKind::Connect, *after);
        return ClientError::TimedOut { host, kind, after };
    }
    if error.is_connect() {
        let source = error.into();
        return ClientError::Connect { host, source };
    }
    let source = error.into();
    ClientError::Exchange { host, source }
}
