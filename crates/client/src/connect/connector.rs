use std::{
    future::poll_fn,
    io,
    net::IpAddr,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use http::{Uri, uri::Scheme};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::{client::legacy::connect::HttpConnector, rt::TokioIo};
use seaworthy_core::{Backoff, Timeout};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep},
};
use tower_service::Service;

use super::{
    address::AllowedAddresses,
    resolver::{Guarded, Resolve},
    tls::{Presents, ReloadableTls},
};

/// The first upper bound of the delay between two attempts to connect.
const INITIAL_BACKOFF: Timeout = Timeout::from_millis(10);
/// Maximum delay between two attempts to connect.
const MAX_BACKOFF: Timeout = Timeout::from_millis(50);

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The connection was not open within `connect_timeout`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no connection within {0:?}")]
pub(crate) struct ConnectTimedOut(pub(crate) Duration);

/// Opens connections.
#[derive(Clone)]
pub(crate) struct Connector {
    tcp: HttpConnector<Guarded>,
    tls: Arc<ReloadableTls>,
    presents: Presents,
    addresses: AllowedAddresses,
    limit: Duration,
    /// How long a refused connection is retried.
    max_refused_wait: Duration,
}

impl Connector {
    pub(crate) fn new(
        resolver: Arc<dyn Resolve>,
        addresses: AllowedAddresses,
        tls: ReloadableTls,
        limit: Timeout,
        max_refused_wait: Duration,
    ) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(Guarded::new(resolver, addresses));
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        Self {
            tcp,
            tls: Arc::new(tls),
            presents: Presents::Identity,
            addresses,
            limit: limit.get(),
            max_refused_wait,
        }
    }

    /// Returns the connector without the client's certificate. `None` if it has none.
    pub(crate) fn anonymous(&self) -> Option<Self> {
        self.tls.has_identity().then(|| Self {
            presents: Presents::Nothing,
            ..self.clone()
        })
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        // The resolver does not see an address that is part of the URL.
        let literal = uri
            .host()
            .and_then(|host| host.trim_matches(['[', ']']).parse::<IpAddr>().ok());
        if let Some(Err(denied)) = literal.map(|address| self.addresses.check(address)) {
            return Box::pin(async move { Err(denied.into()) });
        }
        let (tcp, tls, limit) = (self.tcp.clone(), Arc::clone(&self.tls), self.limit);
        let presents = self.presents;
        let reloads = tls.has_files() && uri.scheme() == Some(&Scheme::HTTPS);
        // Before the limit, so that the caller gets the refusal and not a timeout.
        let end = Instant::now() + self.max_refused_wait.min(self.limit);
        let connecting = async move {
            let tls = if reloads {
                tokio::task::spawn_blocking(move || tls.reload(presents)).await?
            } else {
                tls.current(presents)
            };
            connect(HttpsConnector::from((tcp, tls)), uri, end).await
        };
        Box::pin(async move {
            match tokio::time::timeout(limit, connecting).await {
                Ok(result) => result,
                Err(_) => Err(ConnectTimedOut(limit).into()),
            }
        })
    }
}

/// Connects, and retries a refused connection until `end`: nothing was sent, and the process may be
/// restarting.
async fn connect(
    mut connector: HttpsConnector<HttpConnector<Guarded>>,
    uri: Uri,
    end: Instant,
) -> Result<MaybeHttpsStream<TokioIo<TcpStream>>, BoxError> {
    let backoff = Backoff::new(INITIAL_BACKOFF, MAX_BACKOFF);
    let mut attempt = 0;
    loop {
        poll_fn(|context| connector.poll_ready(context)).await?;
        let error = match connector.call(uri.clone()).await {
            Ok(stream) => return Ok(stream),
            Err(error) => error,
        };
        let delay = backoff.delay(attempt);
        if !is_connection_refused(&*error) || Instant::now() + delay >= end {
            return Err(error);
        }
        sleep(delay).await;
        attempt += 1;
    }
}

/// Returns whether the peer refused the connection, so that it has not received anything.
#[must_use]
pub fn is_connection_refused(error: &(dyn std::error::Error + 'static)) -> bool {
    find(error).is_some_and(|error: &io::Error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// Finds the error of a type among the sources of another. An [`io::Error`] hides the one it holds.
pub(crate) fn find<'a, E: std::error::Error + 'static>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        let held = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = match held {
            Some(held) => Some(held),
            None => error.source(),
        };
    }
    None
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Connector")
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}
