//! The steps before the first request: handshake and sniffing, each within its deadline.

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

/// The reason why the opening of a connection failed.
enum OpenError {
    /// The client was too slow.
    TimedOut,
    /// The listener closes, and the client had sent nothing.
    Closing,
}

/// Waits for a part of the opening. If the listener closes, only the linger time is left, which
/// does not lose requests.
async fn within<F: Future>(
    state: &ConnectionState,
    limit: Duration,
    linger: Duration,
    part: F,
) -> Result<F::Output, OpenError> {
    let mut part = pin!(part);
    let mut deadline = pin!(sleep_until(state.opened() + limit));
    let mut is_closing = false;
    poll_fn(|context| {
        state.listen(context);
        if state.is_aborted() {
            return Poll::Ready(Err(OpenError::Closing));
        }
        if let Poll::Ready(output) = part.as_mut().poll(context) {
            return Poll::Ready(Ok(output));
        }
        if state.is_closing() && !is_closing {
            is_closing = true;
            let last = Instant::now() + linger;
            if last < deadline.deadline() {
                deadline.as_mut().reset(last);
            }
        }
        ready!(deadline.as_mut().poll(context));
        Poll::Ready(Err(if is_closing {
            OpenError::Closing
        } else {
            OpenError::TimedOut
        }))
    })
    .await
}

/// Performs the handshake. Returns `None` after a failure, which is counted.
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
        Err(OpenError::TimedOut) => {
            ConnectionStats::count(&stats.handshake_timeouts);
            return None;
        }
        Err(OpenError::Closing) => return None,
    };
    let session = match TlsSession::of(stream.get_ref().1) {
        Ok(session) => session,
        Err(error) => {
            ConnectionStats::count(&stats.handshake_failures);
            tracing::warn!(peer = %state.peer(), %error, "TLS handshake failed");
            return None;
        }
    };
    state.set_idle();
    Some((Stream::Tls(Box::new(stream)), session))
}

/// Returns the protocol of a connection. `None` if the client sent no bytes, which is counted.
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
            if io.sniffed_bytes() == PREFACE {
                return Poll::Ready(io::Result::Ok(Version::Http2));
            }
            if !PREFACE.starts_with(io.sniffed_bytes()) {
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
            // Closed gracefully, so that the peer receives an end of stream and not a network
            // error.
            io.end_with(b"").await;
            None
        }
        Ok(version) => version.ok(),
        Err(OpenError::TimedOut) => {
            ConnectionStats::count(&shared.stats.first_byte_timeouts);
            None
        }
        Err(OpenError::Closing) => None,
    }
}
