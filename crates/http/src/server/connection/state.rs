use std::{
    net::SocketAddr,
    sync::{
        Arc, OnceLock,
        atomic::{
            AtomicBool, AtomicU32, AtomicU64,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
};

use futures::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::time::{Duration, Instant};

use super::rejection::Rejection;
use crate::server::registry::ConnectionSnapshot;

/// The state that the tasks of a connection and its listener share.
///
/// One task serves a connection over HTTP/1 and several over HTTP/2, so the fields are atomic. Only
/// the two commands order memory.
#[derive(Debug)]
pub(crate) struct ConnectionState {
    peer: SocketAddr,
    opened: Instant,
    closing: AtomicBool,
    aborted: AtomicBool,
    waker: AtomicWaker,
    received_bytes: AtomicBool,
    in_flight: AtomicU32,
    requests: RequestCount,
    quiet_since: AtomicInstant,
    head_since: AtomicInstant,
    write_deadline: AtomicInstant,
    flooded: AtomicBool,
    upgraded: AtomicBool,
    half_closed: AtomicBool,
    accepts_interim_response: AtomicBool,
    rejected: OnceLock<Rejected>,
    large_chunk: AtomicBool,
    ending: AtomicBool,
    resets: Mutex<Resets>,
}

/// A head that is not passed to the parser.
#[derive(Debug)]
struct Rejected {
    rejection: Rejection,
    /// The number of heads before it.
    requests_before: u64,
}

/// The requests of a connection. The count only grows.
#[derive(Debug, Default)]
struct RequestCount(AtomicU64);

impl RequestCount {
    fn increment(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// The cancelled requests of a time window.
#[derive(Debug, Default)]
struct Resets {
    since: Option<Instant>,
    cancelled: u64,
    requests_before: u64,
}

impl Resets {
    /// Counts a cancelled request. Returns whether there were too many.
    ///
    /// It reads the count of requests itself, under the lock that `&mut self` proves. A count that
    /// a caller read without the lock may be lower than the one that another caller stored here.
    fn cancel(&mut self, requests: &RequestCount, limit: ResetLimit, now: Instant) -> bool {
        let requests = requests.get();
        if self.since.is_none_or(|since| now - since > limit.window) {
            *self = Self {
                since: Some(now),
                cancelled: 0,
                requests_before: requests.saturating_sub(1),
            };
        }
        self.cancelled += 1;
        let recent_requests = requests.saturating_sub(self.requests_before);
        self.cancelled > u64::from(limit.max) && self.cancelled * 2 > recent_requests
    }
}

impl ConnectionState {
    pub(crate) fn new(peer: SocketAddr) -> Self {
        Self {
            peer,
            opened: Instant::now(),
            closing: AtomicBool::new(false),
            aborted: AtomicBool::new(false),
            waker: AtomicWaker::new(),
            received_bytes: AtomicBool::new(false),
            in_flight: AtomicU32::new(0),
            requests: RequestCount::default(),
            quiet_since: AtomicInstant::default(),
            head_since: AtomicInstant::default(),
            write_deadline: AtomicInstant::default(),
            flooded: AtomicBool::new(false),
            upgraded: AtomicBool::new(false),
            half_closed: AtomicBool::new(false),
            accepts_interim_response: AtomicBool::new(false),
            rejected: OnceLock::new(),
            large_chunk: AtomicBool::new(false),
            ending: AtomicBool::new(false),
            resets: Mutex::default(),
        }
    }

    pub(crate) fn peer(&self) -> SocketAddr {
        self.peer
    }

    pub(crate) fn opened(&self) -> Instant {
        self.opened
    }

    /// Commands the connection to end after the request in flight.
    pub(crate) fn close(&self) {
        self.closing.store(true, Release);
        self.waker.wake();
    }

    /// Commands the connection to end immediately.
    pub(crate) fn abort(&self) {
        self.aborted.store(true, Release);
        self.close();
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Acquire)
    }

    pub(crate) fn is_aborted(&self) -> bool {
        self.aborted.load(Acquire)
    }

    /// Records an upgrade. From then on only its reader watches the connection.
    pub(crate) fn upgrade(&self) {
        self.upgraded.store(true, Relaxed);
    }

    /// Records that the client has closed its sending side. The end of the last request then wakes
    /// the connection, whose reader waits for it.
    pub(crate) fn half_close(&self) {
        self.half_closed.store(true, Relaxed);
    }

    pub(crate) fn is_half_closed(&self) -> bool {
        self.half_closed.load(Relaxed)
    }

    /// Records whether an interim response may come before the response to the newest request.
    pub(crate) fn set_accepts_interim_response(&self, accepts: bool) {
        self.accepts_interim_response.store(accepts, Relaxed);
    }

    /// Returns whether the newest request has no response yet and is not from an HTTP/1.0 client.
    pub(crate) fn accepts_interim_response(&self) -> bool {
        self.accepts_interim_response.load(Relaxed)
    }

    pub(crate) fn is_upgraded(&self) -> bool {
        self.upgraded.load(Relaxed)
    }

    pub(crate) fn listen(&self, context: &std::task::Context<'_>) {
        self.waker.register(context.waker());
    }

    pub(crate) fn record_received_bytes(&self) {
        if !self.received_bytes.load(Relaxed) {
            self.received_bytes.store(true, Relaxed);
        }
    }

    pub(crate) fn has_received_bytes(&self) -> bool {
        self.received_bytes.load(Relaxed)
    }

    /// Records that the connection is open and has no request yet.
    pub(crate) fn set_idle(&self) {
        self.quiet_since.set(self.opened, Instant::now());
    }

    /// Records that a part of a head has arrived and the rest has not.
    pub(crate) fn record_head_start(&self) {
        if self.head_since.get(self.opened).is_none() {
            self.head_since.set(self.opened, Instant::now());
        }
    }

    pub(crate) fn record_head_end(&self) {
        self.head_since.clear();
    }

    pub(crate) fn head_since(&self) -> Option<Instant> {
        self.head_since.get(self.opened)
    }

    /// Records the rejection of a head. The parser gets neither the head nor later bytes.
    /// `requests_before` is the number of earlier heads.
    pub(crate) fn reject(&self, rejection: Rejection, requests_before: u64) {
        self.record_head_end();
        let _ = self.rejected.set(Rejected {
            rejection,
            requests_before,
        });
    }

    /// Returns the rejection to send instead of the response of the parser. It is `None` while
    /// earlier requests are in flight.
    pub(crate) fn rejection(&self) -> Option<Rejection> {
        let rejected = self.rejected.get()?;
        if self.ending.load(Relaxed) {
            return None;
        }
        let is_next = self.requests.get() >= rejected.requests_before;
        (is_next && self.in_flight.load(Relaxed) == 0).then_some(rejected.rejection)
    }

    /// Records that this side has closed. The listener does not respond to later requests.
    pub(crate) fn mark_closing(&self) {
        self.ending.store(true, Relaxed);
        self.record_head_end();
    }

    /// Records that a chunk is larger than any body may be.
    pub(crate) fn mark_large_chunk(&self) {
        self.large_chunk.store(true, Relaxed);
    }

    pub(crate) fn has_large_chunk(&self) -> bool {
        self.large_chunk.load(Relaxed)
    }

    pub(crate) fn set_write_deadline(&self, deadline: Option<Instant>) {
        match deadline {
            Some(deadline) => self.write_deadline.set(self.opened, deadline),
            None => self.write_deadline.clear(),
        }
    }

    pub(crate) fn write_deadline(&self) -> Option<Instant> {
        self.write_deadline.get(self.opened)
    }

    /// Returns since when no request is in flight. `None` while a request is in flight.
    pub(crate) fn quiet_since(&self) -> Option<Instant> {
        if self.in_flight.load(Relaxed) > 0 {
            return None;
        }
        Some(self.quiet_since.get(self.opened).unwrap_or(self.opened))
    }

    /// Whether the client cancels too many of its requests (CVE-2023-44487).
    pub(crate) fn is_flooded(&self) -> bool {
        self.flooded.load(Acquire)
    }

    /// Counts a cancelled request. Returns true if there were too many. A client without a response
    /// cancels too, so only a client that cancels most of its requests counts as an attacker.
    fn record_cancellation(&self, limit: ResetLimit, now: Instant) -> bool {
        self.resets.lock().cancel(&self.requests, limit, now)
    }

    pub(crate) fn snapshot(&self, id: u64) -> ConnectionSnapshot {
        ConnectionSnapshot {
            id,
            peer: self.peer,
            age: self.opened.elapsed(),
            in_flight: self.in_flight.load(Relaxed),
            requests: self.requests.get(),
        }
    }
}

/// The number of requests that a client may cancel in a time window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ResetLimit {
    pub(crate) max: u32,
    pub(crate) window: Duration,
}

/// A request whose response is not complete.
pub(crate) struct InFlight {
    state: Arc<ConnectionState>,
    has_responded: bool,
    /// `None` over HTTP/1, where a request ends in the task that watches the connection, and its
    /// cancellation is the end of both.
    resets: Option<ResetLimit>,
}

impl InFlight {
    pub(crate) fn new(state: Arc<ConnectionState>, resets: Option<ResetLimit>) -> Self {
        state.in_flight.fetch_add(1, Relaxed);
        state.requests.increment();
        Self {
            state,
            has_responded: false,
            resets,
        }
    }

    /// Records that the request has a response. A later end is not a cancellation.
    pub(crate) fn set_responded(&mut self) {
        self.has_responded = true;
        self.state.set_accepts_interim_response(false);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let state = &self.state;
        let now = Instant::now();
        state.quiet_since.set(state.opened, now);
        let last = state.in_flight.fetch_sub(1, Relaxed) == 1;
        let Some(limit) = self.resets else {
            if state.is_half_closed() {
                state.waker.wake();
            }
            return;
        };
        let flooded = !self.has_responded && state.record_cancellation(limit, now);
        if flooded {
            state.flooded.store(true, Release);
        }
        if flooded || last {
            state.waker.wake();
        }
    }
}

/// An optional time, in milliseconds since the connection was opened, plus one. Zero means that
/// no time is stored.
#[derive(Debug, Default)]
struct AtomicInstant(AtomicU64);

impl AtomicInstant {
    fn set(&self, opened: Instant, instant: Instant) {
        let elapsed = instant.saturating_duration_since(opened).as_millis();
        let elapsed = u64::try_from(elapsed).unwrap_or(u64::MAX - 1);
        self.0.store(elapsed + 1, Relaxed);
    }

    fn clear(&self) {
        if self.0.load(Relaxed) != 0 {
            self.0.store(0, Relaxed);
        }
    }

    fn get(&self, opened: Instant) -> Option<Instant> {
        let elapsed = self.0.load(Relaxed).checked_sub(1)?;
        Some(opened + Duration::from_millis(elapsed))
    }
}

#[cfg(test)]
mod tests;
