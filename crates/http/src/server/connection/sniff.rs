//! Which protocol a connection speaks, told by its first bytes, within a deadline.

use std::{future::poll_fn, pin::pin, task::Poll};

use tokio::time::{Instant, sleep_until};

use super::{driver::Version, io::ConnectionIo, state::ConnectionState};
use crate::server::config::LimitsConfig;

/// What every HTTP/2 client sends first (RFC 9113, section 3.4).
pub(super) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Why the protocol is not known.
pub(super) enum NotSniffed {
    /// The peer did not say enough in time.
    Silent,
    /// The peer left, or this side was told to.
    Gone,
}

pub(super) async fn sniff(
    io: &mut ConnectionIo,
    state: &ConnectionState,
    limits: &LimitsConfig,
) -> Result<Version, NotSniffed> {
    let connections = &limits.connections;
    let mut deadline = pin!(sleep_until(
        state.opened() + connections.first_byte_timeout.get()
    ));
    let mut closing = false;
    poll_fn(|context| {
        state.listen(context);
        if state.is_aborted() {
            return Poll::Ready(Err(NotSniffed::Gone));
        }
        while let Poll::Ready(more) = io.poll_sniff(context) {
            match more {
                Ok(true) if io.sniffed() == PREFACE => return Poll::Ready(Ok(Version::Http2)),
                Ok(true) if PREFACE.starts_with(io.sniffed()) => {}
                Ok(true) => return Poll::Ready(Ok(Version::Http1)),
                Ok(false) | Err(_) => return Poll::Ready(Err(NotSniffed::Gone)),
            }
        }
        if state.is_closing() && !closing {
            closing = true;
            let last = Instant::now() + connections.linger.get();
            if last < deadline.deadline() {
                deadline.as_mut().reset(last);
            }
        }
        deadline.as_mut().poll(context).map(|()| {
            Err(if closing {
                NotSniffed::Gone
            } else {
                NotSniffed::Silent
            })
        })
    })
    .await
}
