//! The body of a request, within its limits.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use seaworthy_core::ByteSize;
use tokio::time::{Instant, Sleep};

use super::{stall_timer::StallTimer, state::ConnectionState};
use crate::server::{accept::Shared, stats::ConnectionStats};

/// The error of an incomplete request body.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestBodyError {
    /// The client exceeded the time limits of `limits.body`. The response is 408.
    #[error("the request body arrived too slowly")]
    TooSlow,
    /// The body exceeds `limits.body.max_size`. The response is 413.
    #[error("the request body is larger than {0}")]
    TooLarge(ByteSize),
    /// The client disconnected or violated the protocol, so the listener does not respond.
    #[error("the request body was not completed")]
    Incomplete(#[source] hyper::Error),
}

pub(super) struct RequestBody {
    body: Incoming,
    left: u64,
    max_size: ByteSize,
    /// `None` if the client may pause without a limit.
    pace: Option<Pace>,
    shared: Arc<Shared>,
    state: Arc<ConnectionState>,
}

struct Pace {
    stall: StallTimer,
    last: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl RequestBody {
    pub(super) fn new(
        body: Incoming,
        shared: &Arc<Shared>,
        state: &Arc<ConnectionState>,
        paced: bool,
    ) -> Self {
        let limits = &shared.limits.body;
        Self {
            body,
            left: limits.max_size.get(),
            max_size: limits.max_size,
            pace: paced.then(|| Pace {
                stall: StallTimer::new(limits.stall_timeout.get(), limits.min_rate.get()),
                last: Instant::now() + limits.timeout.get(),
                timer: None,
            }),
            shared: Arc::clone(shared),
            state: Arc::clone(state),
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = RequestBodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, RequestBodyError>>> {
        let this = self.get_mut();
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) else {
            let Some(pace) = &mut this.pace else {
                return Poll::Pending;
            };
            ready!(pace.poll_late(context));
            ConnectionStats::count(&this.shared.stats.body_timeouts);
            return Poll::Ready(Some(Err(RequestBodyError::TooSlow)));
        };
        let Some(frame) = frame else {
            return Poll::Ready(None);
        };
        let frame = frame.map_err(|error| match this.state.has_large_chunk() {
            true => RequestBodyError::TooLarge(this.max_size),
            false => RequestBodyError::Incomplete(error),
        })?;
        if let Some(data) = frame.data_ref() {
            if let Some(pace) = &mut this.pace {
                pace.stall.progress(data.len(), Instant::now);
            }
            let size = u64::try_from(data.len()).unwrap_or(u64::MAX);
            let Some(left) = this.left.checked_sub(size) else {
                ConnectionStats::count(&this.shared.stats.rejected_requests);
                return Poll::Ready(Some(Err(RequestBodyError::TooLarge(this.max_size))));
            };
            this.left = left;
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Pace {
    /// Completes when the client is too slow. The timer exists from the first wait on: most bodies
    /// arrive with their head.
    fn poll_late(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let deadline = self.stall.wait(Instant::now).min(self.last);
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(context)
    }
}
