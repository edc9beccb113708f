use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response};
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::watch,
};
use tokio_util::sync::CancellationToken;
use tower_service::Service;

use super::{
    ListenError, ListenerConfig, ReceiveWindows, ServerHandle,
    accept::{AcceptLoop, Shared},
    connection::{ConnectionInfo, WithConnectionInfo},
    registry::Registry,
    reload,
    stats::ConnectionStats,
};
use crate::{DEFAULT_BODY_BUDGET, tls::Certificates};

/// A bound socket that does not serve yet, so that an address in use is an early error.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    config: ListenerConfig,
    certificates: Option<Arc<Certificates>>,
    receive_windows: ReceiveWindows,
}

impl Listener {
    /// Binds the address of the configuration.
    ///
    /// # Errors
    /// The address cannot be bound, a TLS file is invalid, or a limit is out of its range.
    #[expect(
        clippy::unused_async,
        reason = "binding needs a running Tokio runtime; async makes a call outside of one impossible to write by accident"
    )]
    pub async fn bind(config: &ListenerConfig) -> Result<Self, ListenError> {
        config.limits.check()?;
        let certificates = match &config.tls {
            Some(tls) => Some(Arc::new(Certificates::load(tls, config.protocols.alpn())?)),
            None => None,
        };
        let refuse = |source| ListenError::Bind {
            address: config.address,
            source,
        };
        let socket = match config.address {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        }
        .map_err(refuse)?;
        // After a restart, connections of the previous process can be in TIME_WAIT on this port.
        socket.set_reuseaddr(true).map_err(refuse)?;
        socket.bind(config.address).map_err(refuse)?;
        let socket = socket.listen(config.backlog).map_err(refuse)?;
        let address = socket.local_addr().map_err(refuse)?;
        Ok(Self {
            socket,
            address,
            config: config.clone(),
            certificates,
            receive_windows: ReceiveWindows::new(DEFAULT_BODY_BUDGET),
        })
    }

    /// Returns the bound address, with the port that the system chose for port 0.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Shares the limit on HTTP/2 receive windows with other listeners of the process. Without this
    /// call the listener has its own limit of [`DEFAULT_BODY_BUDGET`].
    #[must_use]
    pub fn receive_windows(mut self, windows: ReceiveWindows) -> Self {
        self.receive_windows = windows;
        self
    }

    /// Serves one service on every connection. Each request carries a [`ConnectionInfo`] among its
    /// extensions.
    ///
    /// Must be called within a Tokio runtime.
    pub fn serve<S, B>(self, service: S) -> ServerHandle
    where
        S: Service<Request<Body>, Response = Response<B>, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        self.serve_with(move |connection: &ConnectionInfo| {
            WithConnectionInfo::new(service.clone(), connection.clone())
        })
    }

    /// Creates a service for every connection, so that it reads properties of the connection once
    /// and not for every request.
    ///
    /// Must be called within a Tokio runtime.
    pub fn serve_with<M, S, B>(self, make_service: M) -> ServerHandle
    where
        M: Fn(&ConnectionInfo) -> S + Send + Sync + 'static,
        S: Service<Request<Body>, Response = Response<B>, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let connections = &self.config.limits.connections;
        let registry = Arc::new(Registry::new(
            connections.max_connections,
            connections.max_connections_per_ip,
        ));
        let stats = Arc::new(ConnectionStats::default());
        let stop = CancellationToken::new();
        let (accepting, is_accepting) = watch::channel(true);
        let shared = Shared::new(
            &self.config,
            Arc::clone(&registry),
            Arc::clone(&stats),
            self.certificates.clone(),
            self.receive_windows,
        );
        if let Some(certificates) = &self.certificates {
            let (certificates, stats) = (Arc::clone(certificates), Arc::clone(&stats));
            tokio::spawn(reload::watch(certificates, stats, stop.clone()));
        }
        let accept_loop = AcceptLoop {
            socket: self.socket,
            local: self.address,
            shared: Arc::new(shared),
            make_service: Arc::new(make_service),
            stop: stop.clone(),
            accepting,
        };
        tokio::spawn(accept_loop.run());
        ServerHandle {
            registry,
            stats,
            certificates: self.certificates,
            stop,
            accepting: is_accepting,
        }
    }
}
