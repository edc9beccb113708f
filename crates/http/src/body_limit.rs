//! Limits the size of a request's body (SEC-3). It rejects a body that declares a larger size, and
//! ends a body that grows larger. It charges the bytes to the budget of the process.

use std::{
    error::Error as StdError,
    pin::Pin,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body::{Body as _, Frame, SizeHint};
use seaworthy_core::{ByteSize, Code, Error, RequestMemory};
use tokio::time::Instant;

use crate::{
    body_budget::{self, BodyBudget, BudgetExhausted, IdleBody, PendingReservation, Reservation},
    load_shed::BodyWait,
    rpc::MessagePosition,
    server::RequestBodyError,
};

/// The error of a body that exceeds its limit, for the reader of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is larger than the limit of {limit} bytes")]
pub(crate) struct BodyTooLarge {
    limit: u64,
}

/// The result of reading a body, which the response uses even if the handler's extractor hides the
/// error. It holds the body's share of the budget until the response is sent.
#[derive(Debug, Clone)]
pub(crate) struct BodyReport(Arc<Reading>);

#[derive(Debug)]
struct Reading {
    fault: OnceLock<BodyFault>,
    reservation: Reservation,
    /// Nanoseconds that the handler waited for the client.
    waited: AtomicU64,
}

#[derive(Debug, Clone, Copy)]
enum BodyFault {
    TooLarge(u64),
    TooSlow,
    NoRoom,
}

impl BodyFault {
    fn of(error: &(dyn StdError + 'static)) -> Option<Self> {
        if let Some(BodyTooLarge { limit }) = error.downcast_ref() {
            return Some(Self::TooLarge(*limit));
        }
        if error.is::<BudgetExhausted>() {
            return Some(Self::NoRoom);
        }
        match error.downcast_ref() {
            Some(RequestBodyError::TooSlow) => Some(Self::TooSlow),
            Some(RequestBodyError::TooLarge(limit)) => Some(Self::TooLarge(limit.get())),
            _ => Self::of(error.source()?),
        }
    }

    fn error(self) -> Error {
        match self {
            Self::TooLarge(limit) => too_large(ByteSize::bytes(limit)),
            Self::TooSlow => Error::new(
                Code::RequestTimeout,
                "BODY_TOO_SLOW",
                "the request body arrived too slowly",
            ),
            Self::NoRoom => body_budget::exhausted(),
        }
    }
}

impl RequestMemory for Reading {
    fn charge(&self, bytes: u64) -> bool {
        self.reservation.try_take(bytes)
    }
}

impl BodyReport {
    /// Returns the error for the client, if reading failed.
    pub(crate) fn error(&self) -> Option<Error> {
        self.0.fault.get().map(|fault| fault.error())
    }

    /// Returns how long the handler waited for the client.
    pub(crate) fn waited(&self) -> Duration {
        Duration::from_nanos(self.0.waited.load(Ordering::Relaxed))
    }

    /// Returns the budget for memory that the request takes beyond its body.
    pub(crate) fn memory(&self) -> Weak<dyn RequestMemory> {
        let reading: Weak<Reading> = Arc::downgrade(&self.0);
        reading
    }
}

/// Returns the error for the client of a body that could not be read.
pub(crate) fn unreadable(error: axum::Error) -> Error {
    match BodyFault::of(&error) {
        Some(fault) => fault.error(),
        None => Error::new(
            Code::Invalid,
            "BODY_INCOMPLETE",
            "the request body is incomplete",
        )
        .with_cause(error),
    }
}

/// Returns the error for a body that is too large.
pub(crate) fn too_large(limit: ByteSize) -> Error {
    Error::new(
        Code::TooLarge,
        "BODY_TOO_LARGE",
        format!("the body is larger than the limit of {} bytes", limit.get()),
    )
}

/// Returns whether `Content-Length` exceeds the limit.
pub(crate) fn is_declared_too_large(headers: &HeaderMap, limit: ByteSize) -> bool {
    headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok())
        .is_some_and(|length| length > limit.get())
}

/// Limits the body and charges the budget. Returns the body and a report of its reading, if the
/// request has a body.
pub(crate) fn limited(
    body: Body,
    limit: ByteSize,
    budget: &BodyBudget,
    reader: BodyReader,
    body_wait: Option<BodyWait>,
) -> (Body, Option<BodyReport>) {
    // A handler that buffers may charge bytes of earlier requests to a request without a body.
    if body.is_end_stream() && !matches!(reader, BodyReader::Buffer(_)) {
        return (body, None);
    }
    let report = BodyReport(Arc::new(Reading {
        fault: OnceLock::new(),
        reservation: Reservation::new(budget.clone()),
        waited: AtomicU64::new(0),
    }));
    let body = Body::new(LimitedBody {
        body,
        limit: limit.get(),
        remaining: limit.get(),
        report: report.clone(),
        unread: match reader {
            BodyReader::Whole => None,
            BodyReader::Pieces => Some(Unread::Buffer(0)),
            BodyReader::Buffer(size) => Some(Unread::Buffer(size)),
            BodyReader::Messages => Some(Unread::Message(MessagePosition::default())),
        },
        waiting: None,
        idle: None,
        pending_since: None,
        body_wait,
    });
    (body, Some(report))
}

/// How a handler reads request bodies, which determines how many bytes it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum BodyReader {
    /// The whole body, until the response is sent.
    #[default]
    Whole,
    /// Chunk by chunk, without keeping any.
    Pieces,
    /// Chunk by chunk, keeping at most this number of bytes until the response is sent.
    Buffer(u64),
    /// One message of a gRPC stream at a time.
    Messages,
}

/// The bytes that a handler still holds when it requests the next chunk.
enum Unread {
    /// At most this number of bytes.
    Buffer(u64),
    Message(MessagePosition),
}

struct LimitedBody {
    body: Body,
    limit: u64,
    remaining: u64,
    report: BodyReport,
    /// `None` if the handler holds the whole body.
    unread: Option<Unread>,
    /// A chunk that waits for the budget.
    waiting: Option<(Frame<Bytes>, PendingReservation)>,
    /// Set while the reader waits.
    idle: Option<IdleBody>,
    /// Set while the reader waits for the client.
    pending_since: Option<Instant>,
    /// `None` if the request does not count as in flight.
    body_wait: Option<BodyWait>,
}

impl LimitedBody {
    fn fail<E: Into<axum::BoxError>>(
        &mut self,
        error: E,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let error = error.into();
        if let Some(fault) = BodyFault::of(&*error) {
            // Only the first error of a body counts.
            let _ = self.report.0.fault.set(fault);
        }
        self.waiting = None;
        self.idle = None;
        // The partial body is useless, so release its bytes immediately. A handler that buffers
        // stores its bytes first.
        self.report.0.reservation.shrink_to(match self.unread {
            Some(Unread::Buffer(size)) => size,
            _ => 0,
        });
        Poll::Ready(Some(Err(error)))
    }

    fn measure_wait(&mut self, is_waiting: bool) {
        if is_waiting == self.pending_since.is_some() {
            return;
        }
        if let Some(body_wait) = &self.body_wait {
            body_wait.set(is_waiting);
        }
        if is_waiting {
            self.pending_since = Some(Instant::now());
        } else if let Some(since) = self.pending_since.take() {
            let nanos = u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.report.0.waited.fetch_add(nanos, Ordering::Relaxed);
        }
    }

    /// Polls the next chunk without charging the budget.
    fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let reservation = &self.report.0.reservation;
        match &self.unread {
            None => {}
            Some(Unread::Buffer(size)) => reservation.shrink_to(*size),
            Some(Unread::Message(position)) => reservation.shrink_to(position.unfinished()),
        }
        let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(context)) else {
            return Poll::Ready(None);
        };
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => return self.fail(error),
        };
        if let Some(data) = frame.data_ref() {
            if let Some(Unread::Message(position)) = &mut self.unread {
                position.follow(data);
            }
            match self.remaining.checked_sub(length_of(data)) {
                Some(remaining) => self.remaining = remaining,
                None => {
                    let limit = self.limit;
                    return self.fail(BodyTooLarge { limit });
                }
            }
        }
        Poll::Ready(Some(Ok(frame)))
    }

    /// Polls the next chunk, and returns it when the budget has room for it.
    fn poll_charged(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        if self.waiting.is_none() {
            let frame = match ready!(self.poll_piece(context)) {
                Some(Ok(frame)) => frame,
                other => return Poll::Ready(other),
            };
            let length = frame.data_ref().map_or(0, length_of);
            let reservation = &self.report.0.reservation;
            if length == 0 || reservation.try_take(length) {
                return Poll::Ready(Some(Ok(frame)));
            }
            match PendingReservation::wait(reservation, length) {
                Ok(pending) => self.waiting = Some((frame, pending)),
                Err(error) => return self.fail(error),
            }
        }
        let Some((_, pending)) = &mut self.waiting else {
            return Poll::Ready(None);
        };
        match ready!(pending.poll(&self.report.0.reservation, context)) {
            Ok(()) => Poll::Ready(self.waiting.take().map(|(frame, _)| Ok(frame))),
            Err(error) => self.fail(error),
        }
    }
}

fn length_of(data: &Bytes) -> u64 {
    u64::try_from(data.len()).unwrap_or(u64::MAX)
}

impl Drop for LimitedBody {
    /// Measures the wait of a reader that a timeout has ended.
    fn drop(&mut self) {
        self.measure_wait(false);
    }
}

impl http_body::Body for LimitedBody {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if this.report.0.fault.get().is_some() {
            return Poll::Ready(None);
        }
        if this
            .idle
            .as_ref()
            .is_some_and(|idle| idle.is_ended(context))
        {
            return this.fail(BudgetExhausted);
        }
        let polled = this.poll_charged(context);
        this.measure_wait(polled.is_pending() && this.waiting.is_none());
        if polled.is_ready() {
            this.idle = None;
        } else if this.idle.is_none() && this.report.0.reservation.held() > 0 {
            let idle = this.report.0.reservation.mark_idle();
            let is_ended = idle.is_ended(context);
            this.idle = Some(idle);
            if is_ended {
                return this.fail(BudgetExhausted);
            }
        }
        if let (Some(idle), Some((_, pending))) = (&this.idle, &this.waiting) {
            idle.set_wanted(pending.bytes());
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.waiting.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests;
