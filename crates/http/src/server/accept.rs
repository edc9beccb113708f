//! Accepts connections until the stop, also after errors, and while other connections drain.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response};
use hyper::server::conn::http1;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_util::sync::CancellationToken;
use tower_service::Service;

use super::{
    ListenerConfig, Protocols, ReceiveWindows,
    config::LimitsConfig,
    connection::{self, ConnectionInfo},
    registry::{Registry, Rejection},
    stats::ConnectionStats,
};
use crate::tls::Certificates;

/// First backoff after a failed accept. A descriptor may be free after one request.
const INITIAL_BACKOFF: Duration = Duration::from_millis(5);
/// Maximum backoff, because every second without accepting is an outage.
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// The shared data of all connections of a listener.
pub(crate) struct Shared {
    pub(crate) limits: LimitsConfig,
    pub(crate) protocols: Protocols,
    pub(crate) http1: http1::Builder,
    pub(crate) registry: Arc<Registry>,
    pub(crate) stats: Arc<ConnectionStats>,
    pub(crate) certificates: Option<Arc<Certificates>>,
    pub(crate) receive_windows: ReceiveWindows,
}

impl Shared {
    pub(crate) fn new(
        config: &ListenerConfig,
        registry: Arc<Registry>,
        stats: Arc<ConnectionStats>,
        certificates: Option<Arc<Certificates>>,
        receive_windows: ReceiveWindows,
    ) -> Self {
        Self {
            limits: config.limits.clone(),
            protocols: config.protocols,
            http1: connection::http1(&config.limits),
            registry,
            stats,
            certificates,
            receive_windows,
        }
    }
}

pub(crate) struct AcceptLoop<M> {
    pub(crate) socket: TcpListener,
    pub(crate) local: SocketAddr,
    pub(crate) shared: Arc<Shared>,
    pub(crate) make_service: Arc<M>,
    pub(crate) stop: CancellationToken,
    pub(crate) accepting: watch::Sender<bool>,
}

impl<M, S, B> AcceptLoop<M>
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
    pub(crate) async fn run(self) {
        let mut backoff = INITIAL_BACKOFF;
        loop {
            let accepted = tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                accepted = self.socket.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    backoff = INITIAL_BACKOFF;
                    self.admit(stream, peer);
                }
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) => {
                    ConnectionStats::count(&self.shared.stats.accept_errors);
                    tracing::warn!(address = %self.local, %error, "cannot accept connections");
                    tokio::select! {
                        () = self.stop.cancelled() => break,
                        () = tokio::time::sleep(backoff) => {}
                    }
                    backoff = (backoff * 2).min(MAX_BACKOFF);
                }
            }
        }
        if self.shared.registry.is_draining() && self.shared.protocols != Protocols::Http2 {
            self.accept_while_draining().await;
        }
        let accepting = self.accepting.clone();
        self.take_waiting();
        accepting.send_replace(false);
    }

    /// Accepts connections until no connection is open, for at most `linger`. The registry closes
    /// each of them after one request. HTTP/2 clients would open a connection after each GOAWAY.
    async fn accept_while_draining(&self) {
        let linger = self.shared.limits.connections.linger.get();
        let end = tokio::time::sleep(linger);
        tokio::pin!(end);
        loop {
            tokio::select! {
                biased;
                () = &mut end => return,
                () = self.shared.registry.empty() => return,
                accepted = self.socket.accept() => match accepted {
                    Ok((stream, peer)) => self.admit(stream, peer),
                    Err(error) if concerns_one_connection(&error) => {}
                    Err(_) => return,
                },
            }
        }
    }

    /// Accepts the connections in the queue of the kernel. Their clients may have sent a request,
    /// and closing the socket would reset them.
    fn take_waiting(self) {
        let Ok(socket) = self.socket.into_std() else {
            return;
        };
        while let Ok((stream, peer)) = socket.accept() {
            if stream.set_nonblocking(true).is_ok()
                && let Ok(stream) = TcpStream::from_std(stream)
            {
                admit(&self.shared, &self.make_service, self.local, stream, peer);
            }
        }
    }

    fn admit(&self, stream: TcpStream, peer: SocketAddr) {
        admit(&self.shared, &self.make_service, self.local, stream, peer);
    }
}

fn admit<M, S, B>(
    shared: &Arc<Shared>,
    make_service: &Arc<M>,
    local: SocketAddr,
    stream: TcpStream,
    peer: SocketAddr,
) where
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
    ConnectionStats::count(&shared.stats.accepted);
    // Responses are written whole, so waiting for more data would only delay them.
    let _ = stream.set_nodelay(true);
    match shared.registry.admit(peer) {
        Ok((state, ticket)) => {
            let serving = connection::serve(
                stream,
                local,
                state,
                ticket,
                Arc::clone(shared),
                Arc::clone(make_service),
            );
            tokio::spawn(serving);
        }
        Err(Rejection::Full) => ConnectionStats::count(&shared.stats.rejected_full),
        Err(Rejection::PerIp) => ConnectionStats::count(&shared.stats.rejected_per_ip),
    }
}

/// Returns whether an error concerns only one client, which disconnected before the accept.
fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}
