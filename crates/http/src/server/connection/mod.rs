//! One connection, from its first byte to its last.

mod driver;
mod http;
mod info;
mod io;
mod patience;
mod request;
mod request_body;
mod response_body;
mod sniff;
mod state;

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use ::http::{Request, Response};
use axum::body::Body;
use bytes::Bytes;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

pub(crate) use self::http::HttpBuilders;
pub use info::ConnectionInfo;
pub(crate) use info::WithConnectionInfo;
pub use request_body::RequestBodyError;
pub(crate) use state::ConnectionState;

use self::{
    driver::{Driver, Version},
    io::ConnectionIo,
    request::RequestService,
};
use super::{Protocols, accept::Shared, registry::Ticket, stats::ConnectionStats};

pub(crate) async fn serve<M, S, B>(
    stream: TcpStream,
    local: SocketAddr,
    state: Arc<ConnectionState>,
    ticket: Ticket,
    shared: Arc<Shared>,
    make_service: Arc<M>,
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
    let info = ConnectionInfo::new(state.peer(), local);
    let mut io = ConnectionIo::new(stream, Arc::clone(&state), ticket, &shared.limits);
    let version = match shared.protocols {
        Protocols::Http1 => Version::Http1,
        Protocols::Http2 => Version::Http2,
        Protocols::Auto => match sniff::sniff(&mut io, &state, &shared.limits).await {
            Ok(version) => version,
            Err(sniff::NotSniffed::Silent) => {
                ConnectionStats::count(&shared.stats.first_byte_timeouts);
                return;
            }
            Err(sniff::NotSniffed::Gone) => return,
        },
    };
    let service = make_service(&info);
    drop(make_service);
    let service = RequestService::new(service, Arc::clone(&state), Arc::clone(&shared), version);
    let io = TokioIo::new(io);
    // How a connection ends is the peer's affair; what it did wrong has been counted.
    let _ = match version {
        Version::Http1 => {
            let connection = shared
                .http
                .http1
                .serve_connection(io, service)
                .with_upgrades();
            Driver::new(connection, state, shared, version).await
        }
        Version::Http2 => {
            let connection = shared.http.http2.serve_connection(io, service);
            Driver::new(connection, state, shared, version).await
        }
    };
}
