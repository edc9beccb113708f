//! What happens before the first request: handshake and sniffing, each within its deadline.

use std::{
    future::{Future, poll_fn},
    io,
    pin::pin,
    task::{Poll, ready},
    time::Duration,
};

use tokio::{
    net::TcpStream,
    time::{Instant, sleep_until},
};
use tokio_rustls::TlsAcceptor;

use super::{
    driver::Version,
    io::{ConnectionIo, PREFACE},
    state::ConnectionState,
    stream::Stream,
};
use crate::{
    server::{Protocols, accept::Shared, stats::ConnectionStats},
    tls::{Certificates, TlsSession},
};

/// Why the opening did not come to an end.
enum Unopened {
    /// The peer was too slow.
    Late,
    /// This side was told to close, and the peer had not begun.
    Told,
}

/// Waits for a part of the opening. A connection told to close gets the lingering time for it and no more: no request is lost with it.
async fn within<F: Future>(
    state: &ConnectionState,
    limit: Duration,
    linger: Duration,
    part: F,
) -> Result<F::Output, Unopened> {
    let mut part = pin!(part);
    let mut deadline = pin!(sleep_until(state.opened() + limit));
    let mut told = false;
    poll_fn(|context| {
        state.listen(context);
        if state.is_aborted() {
            return Poll::Ready(Err(Unopened::Told));
        }
        if let Poll::Ready(output) = part.as_mut().poll(context) {
            return Poll::Ready(Ok(output));
        }
        if state.is_closing() && !told {
            told = true;
            let last = Instant::now() + linger;
            if last < deadline.deadline() {
                deadline.as_mut().reset(last);
            }
        }
        ready!(deadline.as_mut().poll(context));
        Poll::Ready(Err(if told { Unopened::Told } else { Unopened::Late }))
    })
    .await
}

/// The handshake. None if it did not succeed, which has been counted.
pub(super) async fn handshake(
    stream: TcpStream,
    state: &ConnectionState,
    certificates: &Certificates,
    shared: &Shared,
) -> Option<(Stream, TlsSession)> {
    let stats = &shared.stats;
    let limit = certificates.config().handshake_timeout.get();
    let linger = shared.limits.connections.linger.get();
    let accept = TlsAcceptor::from(certificates.current()).accept(stream);
    let stream = match within(state, limit, linger, accept).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            ConnectionStats::count(&stats.handshake_failures);
            tracing::debug!(peer = %state.peer(), %error, "TLS handshake failed");
            return None;
        }
        Err(Unopened::Late) => {
            ConnectionStats::count(&stats.handshake_timeouts);
            return None;
        }
        Err(Unopened::Told) => return None,
    };
    let session = match TlsSession::of(stream.get_ref().1) {
        Ok(session) => session,
        Err(error) => {
            ConnectionStats::count(&stats.handshake_failures);
            tracing::warn!(peer = %state.peer(), %error, "TLS handshake failed");
            return None;
        }
    };
    state.rests();
    Some((Stream::Tls(Box::new(stream)), session))
}

/// The protocol of a connection. None if it never told, which has been counted.
pub(super) async fn version(
    io: &mut ConnectionIo,
    state: &ConnectionState,
    shared: &Shared,
) -> Option<Version> {
    match (shared.protocols, io.alpn()) {
        (Protocols::Http1, _) => return Some(Version::Http1),
        (Protocols::Auto, Some(b"h2")) => return Some(Version::Http2),
        (Protocols::Auto, Some(_)) => return Some(Version::Http1),
        (Protocols::Http2, _) | (Protocols::Auto, None) => {}
    }
    let connections = &shared.limits.connections;
    let limit = connections.first_byte_timeout.get();
    let sniffed = poll_fn(|context| {
        loop {
            let more = ready!(io.poll_sniff(context))?;
            if io.sniffed() == PREFACE {
                return Poll::Ready(io::Result::Ok(Version::Http2));
            }
            if !PREFACE.starts_with(io.sniffed()) {
                return Poll::Ready(Ok(Version::Http1));
            }
            if !more {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
        }
    });
    match within(state, limit, connections.linger.get(), sniffed).await {
        Ok(Ok(Version::Http1)) if shared.protocols == Protocols::Http2 => {
            ConnectionStats::count(&shared.stats.malformed);
            // Closed in order, so that the peer sees an end and not a broken network.
            io.end_with(b"").await;
            None
        }
        Ok(version) => version.ok(),
        Err(Unopened::Late) => {
            ConnectionStats::count(&shared.stats.first_byte_timeouts);
            None
        }
        Err(Unopened::Told) => None,
    }
}
