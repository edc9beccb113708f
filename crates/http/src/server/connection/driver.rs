//! Watches a connection while the protocol library works on it.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, atomic::AtomicU64},
    task::{Context, Poll},
    time::Duration,
};

use hyper::{
    rt::{Read, Write},
    server::conn::{http1, http2},
    service::HttpService,
};
use tokio::time::{Instant, Sleep, sleep_until};

use super::{rejection::Rejection, state::ConnectionState};
use crate::server::{accept::Shared, config::LimitsConfig, stats::ConnectionStats};

/// Time limit for a connection to close after its last request, in addition to `linger`.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// The HTTP version of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    Http1,
    Http2,
}

/// A connection of the protocol library with a graceful shutdown.
pub(super) trait Connection: Future<Output = hyper::Result<()>> + Unpin {
    fn finish(&mut self);
}

impl<I, S, B> Connection for http1::UpgradeableConnection<I, S>
where
    S: HttpService<hyper::body::Incoming, ResBody = B>,
    S::Error: Into<axum::BoxError>,
    I: Read + Write + Unpin + Send + 'static,
    B: http_body::Body + 'static,
    B::Error: Into<axum::BoxError>,
{
    fn finish(&mut self) {
        Pin::new(self).graceful_shutdown();
    }
}

impl<I, S, B, E> Connection for http2::Connection<I, S, E>
where
    S: HttpService<hyper::body::Incoming, ResBody = B>,
    S::Error: Into<axum::BoxError>,
    I: Read + Write + Unpin,
    B: http_body::Body + 'static,
    B::Error: Into<axum::BoxError>,
    E: hyper::rt::bounds::Http2ServerConnExec<S::Future, B>,
    Self: Unpin,
{
    fn finish(&mut self) {
        Pin::new(self).graceful_shutdown();
    }
}

/// How the driver of a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// The connection ended, or its peer closed it.
    Done,
    /// The bytes are not passed to the service. All requests before them have a response.
    Rejected(Rejection),
    /// The connection must be dropped immediately.
    Cut,
}

/// The reason of a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    WriteStall,
    Head,
    FirstByte,
    Idle,
    /// The connection is idle, and was requested to close.
    Leave,
    /// A head is incomplete when the service stops.
    LeaveHead,
    Age,
    /// The connection did not close in time.
    CloseTimeout,
}

pub(super) struct Driver<C> {
    connection: C,
    state: Arc<ConnectionState>,
    shared: Arc<Shared>,
    version: Version,
    timer: Pin<Box<Sleep>>,
    oldest: Instant,
    closing_since: Option<Instant>,
    finishing_since: Option<Instant>,
}

impl<C: Connection> Driver<C> {
    pub(super) fn new(
        connection: C,
        state: Arc<ConnectionState>,
        shared: Arc<Shared>,
        version: Version,
    ) -> Self {
        let oldest = state.opened() + age(&shared.limits);
        let mut driver = Self {
            connection,
            timer: Box::pin(sleep_until(oldest)),
            state,
            shared,
            version,
            oldest,
            closing_since: None,
            finishing_since: None,
        };
        if let Some((first, _)) = driver.due() {
            driver.timer.as_mut().reset(first);
        }
        driver
    }

    /// The next deadline. A request in flight on a closing connection has none here, because the
    /// stop has its own limit.
    fn due(&self) -> Option<(Instant, Due)> {
        let connections = &self.shared.limits.connections;
        let mut due = match (self.finishing_since, self.closing_since) {
            (Some(since), _) => Some((
                since + connections.linger.get() + CLOSE_TIMEOUT,
                Due::CloseTimeout,
            )),
            (None, Some(_)) => None,
            (None, None) => Some((self.oldest, Due::Age)),
        };
        let mut earlier = |at: Instant, why: Due| {
            if due.is_none_or(|(earliest, _)| at < earliest) {
                due = Some((at, why));
            }
        };
        if let Some(deadline) = self.state.write_deadline() {
            earlier(deadline, Due::WriteStall);
        }
        if let Some(since) = self.state.head_since() {
            earlier(since + self.shared.limits.head.timeout.get(), Due::Head);
            if let Some(stop) = self.unaccepted_since(since) {
                earlier(stop + connections.linger.get(), Due::LeaveHead);
            }
        } else if self.finishing_since.is_none()
            && let Some(since) = self.state.quiet_since()
        {
            if let Some(closing) = self.closing_since {
                earlier(since.max(closing) + connections.linger.get(), Due::Leave);
            } else if self.state.has_received_bytes() {
                earlier(since + connections.idle_timeout.get(), Due::Idle);
            } else {
                earlier(since + connections.first_byte_timeout.get(), Due::FirstByte);
            }
        }
        due
    }

    /// The time since which the service stops and waits only for the rest of a head. A request is
    /// accepted once its head is complete. An incomplete head must not delay a stop. An old
    /// connection of a running service has time for its head.
    fn unaccepted_since(&self, head: Instant) -> Option<Instant> {
        if !self.shared.registry.is_draining() {
            return None;
        }
        Some(head.max(self.closing_since?).max(self.state.quiet_since()?))
    }

    pub(super) fn into_connection(self) -> C {
        self.connection
    }

    /// Acts on a deadline that has passed. Returns the end of the connection if the deadline ends
    /// it.
    fn act(&mut self, why: Due) -> Option<Ended> {
        let stats = &self.shared.stats;
        let count = |counter: &AtomicU64| ConnectionStats::count(counter);
        match why {
            Due::WriteStall => count(&stats.write_stalls),
            Due::Head => {
                count(&stats.head_timeouts);
                if self.state.quiet_since().is_some() && self.state.write_deadline().is_none() {
                    return Some(Ended::Rejected(Rejection::SlowHead));
                }
            }
            Due::LeaveHead if self.state.write_deadline().is_none() => {
                return Some(Ended::Rejected(Rejection::SlowHead));
            }
            Due::LeaveHead | Due::CloseTimeout => {}
            Due::Age => {
                count(&stats.max_age);
                self.state.close();
                self.begin_closing();
                return None;
            }
            Due::FirstByte | Due::Idle | Due::Leave => {
                match why {
                    Due::FirstByte => count(&stats.first_byte_timeouts),
                    Due::Idle => count(&stats.idle_timeouts),
                    _ => {}
                }
                self.finishing_since = Some(Instant::now());
                self.connection.finish();
                return None;
            }
        }
        Some(Ended::Cut)
    }

    /// HTTP/1 sends `connection: close` with its next response and waits a short time for a
    /// request. HTTP/2 sends GOAWAY immediately.
    fn begin_closing(&mut self) {
        self.closing_since = Some(Instant::now());
        if self.version == Version::Http2 {
            self.connection.finish();
        }
    }
}

impl<C: Connection> Future for Driver<C> {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        this.state.listen(context);
        if this.state.is_aborted() {
            return Poll::Ready(Ended::Cut);
        }
        if this.state.is_flooded() {
            ConnectionStats::count(&this.shared.stats.reset_floods);
            return Poll::Ready(Ended::Cut);
        }
        if this.closing_since.is_none() && this.state.is_closing() {
            this.begin_closing();
        }
        loop {
            // An error at the end of a connection is not reported, because protocol violations are
            // counted already.
            if Pin::new(&mut this.connection).poll(context).is_ready() {
                return Poll::Ready(Ended::Done);
            }
            if let Some(rejection) = this.state.rejection()
                && this.state.write_deadline().is_none()
            {
                return Poll::Ready(Ended::Rejected(rejection));
            }
            loop {
                let Some((at, why)) = this.due() else {
                    return Poll::Pending;
                };
                if at < this.timer.deadline() {
                    this.timer.as_mut().reset(at);
                }
                if this.timer.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                if Instant::now() < at {
                    this.timer.as_mut().reset(at);
                    continue;
                }
                if let Some(ended) = this.act(why) {
                    return Poll::Ready(ended);
                }
                break;
            }
        }
    }
}

/// The age at which a connection closes. It is random, so connections that opened together do not
/// close together.
fn age(limits: &LimitsConfig) -> Duration {
    let connections = &limits.connections;
    let spread = rand::random_range(-1.0..=1.0) * connections.max_age_jitter.get();
    connections.max_age.get().mul_f64(1.0 + spread)
}
