//! One connection, from its first byte to its last.

mod driver;
mod frames;
mod framing;
mod half_close;
mod head_line;
mod http;
mod info;
mod io;
mod opening;
mod rejection;
mod request;
mod request_body;
mod request_checks;
mod response_body;
mod stall_timer;
mod state;
mod stream;
mod streams;

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use ::http::{Request, Response};
use axum::body::Body;
use bytes::Bytes;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

pub(crate) use self::http::http1;
pub use info::ConnectionInfo;
pub(crate) use info::WithConnectionInfo;
pub use request_body::RequestBodyError;
pub(crate) use state::ConnectionState;

use self::{
    driver::{Driver, Ended, Version},
    io::ConnectionIo,
    request::RequestService,
    stream::Stream,
    streams::Streams,
};
use super::{accept::Shared, registry::Ticket};

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
    let (stream, session) = match &shared.certificates {
        None => (Stream::Plain(stream), None),
        Some(certificates) => {
            match opening::handshake(stream, &state, certificates, &shared).await {
                Some((stream, session)) => (stream, Some(session)),
                None => return,
            }
        }
    };
    let info = ConnectionInfo::new(state.peer(), local, session);
    let mut io = ConnectionIo::new(stream, Arc::clone(&state), ticket, &shared.limits);
    let Some(version) = opening::version(&mut io, &state, &shared).await else {
        return;
    };
    match version {
        Version::Http1 => io.expect_http1(&shared),
        Version::Http2 => io.expect_http2(),
    }
    let peer = state.peer();
    let service = make_service(&info);
    drop(make_service);
    let io = TokioIo::new(io);
    match version {
        Version::Http1 => {
            let service =
                RequestService::new(service, Arc::clone(&state), Arc::clone(&shared), None);
            let connection = shared.http1.serve_connection(io, service).with_upgrades();
            let mut driver = Driver::new(connection, state, shared, version);
            if let Ended::Rejected(rejection) = (&mut driver).await
                && let Some(parts) = driver.into_connection().into_parts()
            {
                // The parser does not respond to an endless head. It responds to the others without
                // a body.
                let response = rejection.http1(peer);
                parts.io.into_inner().end_with(&response).await;
            }
        }
        Version::Http2 => {
            let streams = Streams::new(Arc::clone(&shared));
            let service = RequestService::new(
                service,
                Arc::clone(&state),
                Arc::clone(&shared),
                Some(streams.clone()),
            );
            let limits = &shared.limits;
            let window = limits.http2.connection_window.get();
            let window = u32::try_from(window).unwrap_or(u32::MAX);
            // Held until the connection ends.
            let window = shared.receive_windows.reserve(window);
            let builder = http::http2(limits, window.size(), streams);
            let connection = builder.serve_connection(io, service);
            Driver::new(connection, state, shared, version).await;
        }
    }
}
