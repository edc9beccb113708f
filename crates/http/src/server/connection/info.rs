use std::{
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll},
};

use http::Request;
use tower_service::Service;

use crate::tls::TlsSession;

/// The properties of a connection before its first request. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct ConnectionInfo(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    peer: SocketAddr,
    local: SocketAddr,
    tls: Option<TlsSession>,
}

impl ConnectionInfo {
    /// Creates the properties of a connection between two addresses.
    #[must_use]
    pub fn new(peer: SocketAddr, local: SocketAddr, tls: Option<TlsSession>) -> Self {
        Self(Arc::new(Inner { peer, local, tls }))
    }

    /// The address on the other side of the socket: the client's, or that of the last proxy before
    /// it.
    #[must_use]
    pub fn peer(&self) -> SocketAddr {
        self.0.peer
    }

    /// The address of the listener that accepted the connection.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.0.local
    }

    /// The result of the TLS handshake, with the client's certificate. `None` without TLS.
    #[must_use]
    pub fn tls(&self) -> Option<&TlsSession> {
        self.0.tls.as_ref()
    }
}

/// Adds the properties of the connection to each request.
#[derive(Clone)]
pub(crate) struct WithConnectionInfo<S> {
    service: S,
    info: ConnectionInfo,
}

impl<S> WithConnectionInfo<S> {
    pub(crate) fn new(service: S, info: ConnectionInfo) -> Self {
        Self { service, info }
    }
}

impl<S, B> Service<Request<B>> for WithConnectionInfo<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        request.extensions_mut().insert(self.info.clone());
        self.service.call(request)
    }
}
