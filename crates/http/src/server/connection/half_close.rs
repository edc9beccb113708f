//! A client that closes its sending side while it waits for a response.
//!
//! A client that disconnected and a client that has sent all its data both end their stream with
//! the same packet (FIN). Only data that the server sends distinguishes them: the kernel of a
//! disconnected client answers it with a reset. So if a response takes long, the server sends an
//! interim response, which clients ignore (RFC 9110, section 15.2.1). Without a reset, the request
//! continues. Otherwise the protocol library sees the end of the stream and cancels the request
//! (LIFE-6). As the client may disconnect later, the server repeats the interim response.

use std::{
    future::Future,
    io, mem,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::AsyncWrite as _,
    time::{Instant, Sleep, sleep},
};

use super::{state::ConnectionState, stream::Stream};

/// The interim response that every HTTP/1.1 client accepts.
const PROBE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
/// Maximum probes of a connection. Some clients, such as Go's, accept at most five interim
/// responses to a request.
const MAX_PROBES: u32 = 4;

/// Decides when the protocol library sees the end of the client's stream.
#[derive(Debug)]
pub(super) struct HalfClose {
    /// Half of the timeout. After the first interval the listener sends the first probe. A second
    /// one is the time for a reset.
    interval: Duration,
    checks: Option<Checks>,
    /// The rest of the probe. No other byte may be sent before it.
    unsent_probe: &'static [u8],
}

/// The checks after the client has closed its sending side.
#[derive(Debug)]
struct Checks {
    timer: Pin<Box<Sleep>>,
    /// The time from the next check to the one after it.
    interval: Duration,
    probes: u32,
    is_first: bool,
    /// Whether bytes were sent after the end of the stream. A disconnected client resets them.
    has_sent: bool,
}

impl HalfClose {
    pub(super) fn new(timeout: Duration) -> Self {
        Self {
            interval: timeout / 2,
            checks: None,
            unsent_probe: &[],
        }
    }

    /// Records that the client has closed its sending side.
    pub(super) fn begin(&mut self) {
        self.checks = Some(Checks {
            timer: Box::pin(sleep(self.interval)),
            interval: self.interval,
            probes: 0,
            is_first: true,
            has_sent: false,
        });
    }

    pub(super) fn is_closed(&self) -> bool {
        self.checks.is_some()
    }

    /// Records bytes that the kernel has accepted for the client.
    pub(super) fn record_sent(&mut self) {
        if let Some(checks) = &mut self.checks {
            checks.has_sent = true;
        }
    }

    /// Waits until no request is in flight and no byte is unsent, or until the client has probably
    /// disconnected. The protocol library discards unsent bytes at the end of the stream.
    pub(super) fn poll_end(
        &mut self,
        context: &mut Context<'_>,
        stream: &mut Stream,
        state: &ConnectionState,
    ) -> Poll<()> {
        while let Some(checks) = &mut self.checks
            && (state.quiet_since().is_none() || state.write_deadline().is_some())
        {
            ready!(checks.timer.as_mut().poll(context));
            checks
                .timer
                .as_mut()
                .reset(Instant::now() + checks.interval);
            checks.interval = checks.interval.saturating_mul(2);
            if !self.is_client_waiting(context, stream, state) {
                break;
            }
        }
        Poll::Ready(())
    }

    fn is_client_waiting(
        &mut self,
        context: &mut Context<'_>,
        stream: &mut Stream,
        state: &ConnectionState,
    ) -> bool {
        let Some(checks) = &mut self.checks else {
            return false;
        };
        if !matches!(stream.take_error(), Ok(None)) {
            return false;
        }
        let is_first = mem::replace(&mut checks.is_first, false);
        let is_blocked = state.write_deadline().is_some() || !self.unsent_probe.is_empty();
        if state.accepts_interim_response() && checks.probes < MAX_PROBES && !is_blocked {
            checks.probes += 1;
            checks.has_sent = true;
            self.unsent_probe = PROBE;
            return !matches!(self.poll_probe(context, stream), Poll::Ready(Err(_)));
        }
        is_first || is_blocked || checks.has_sent
    }

    /// Sends the rest of the probe.
    pub(super) fn poll_probe(
        &mut self,
        context: &mut Context<'_>,
        stream: &mut Stream,
    ) -> Poll<io::Result<()>> {
        while !self.unsent_probe.is_empty() {
            let write = Pin::new(&mut *stream).poll_write(context, self.unsent_probe);
            let written = ready!(write)?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unsent_probe = self.unsent_probe.get(written..).unwrap_or_default();
        }
        Poll::Ready(Ok(()))
    }
}
