use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::Body;
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as _, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::exchange::{Exchange, Panicked};
use crate::{deadline, rpc::RpcStatus};

/// The body of a response. The request ends with it, so metrics and access log include the last
/// byte. The stream of a handler runs in the context of the request.
pub struct StackBody {
    body: Body,
    exchange: Option<Exchange>,
    // Created when a gRPC call with a deadline first waits.
    timer: Option<Pin<Box<Sleep>>>,
}

/// The stream of a response panicked. The connection ends, so that the client does not treat the
/// response as complete.
#[derive(Debug, thiserror::Error)]
#[error("the response body failed")]
struct BodyPanicked;

impl StackBody {
    pub(super) fn new(body: Body, mut exchange: Option<Exchange>) -> Self {
        if body.is_end_stream() {
            if let Some(exchange) = &mut exchange {
                exchange.complete = true;
            }
            exchange = None;
        }
        Self {
            body,
            exchange,
            timer: None,
        }
    }

    /// Waits for the deadline of a stream that has nothing to send.
    fn poll_late(&mut self, context: &mut Context<'_>) -> Poll<HeaderMap> {
        let Some(deadline) = self
            .exchange
            .as_ref()
            .and_then(|exchange| exchange.call_deadline)
        else {
            return Poll::Pending;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(deadline.into())));
        ready!(timer.as_mut().poll(context));
        self.end_late()
    }

    /// Ends a stream at the deadline of its client with the status DEADLINE_EXCEEDED.
    fn end_late(&mut self) -> Poll<HeaderMap> {
        let Some(exchange) = &mut self.exchange else {
            return Poll::Pending;
        };
        let body = &mut self.body;
        // The stream of the handler is dropped in its context.
        let _ = exchange.guard(|| *body = Body::empty());
        let trailers = exchange.fail(deadline::exceeded()).headers().clone();
        exchange.rpc = RpcStatus::of(&trailers);
        exchange.complete = true;
        self.exchange = None;
        Poll::Ready(trailers)
    }
}

impl http_body::Body for StackBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Self { body, exchange, .. } = &mut *self;
        let Some(exchange) = exchange else {
            return Pin::new(body).poll_frame(context);
        };
        let polled = match exchange.guard(|| Pin::new(&mut *body).poll_frame(context)) {
            Ok(polled) => polled,
            Err(Panicked) => {
                *body = Body::empty();
                Poll::Ready(Some(Err(axum::Error::new(BodyPanicked))))
            }
        };
        // A stream that is always ready must not outrun the deadline. A status that is already
        // available is the response.
        let is_late = exchange
            .call_deadline
            .is_some_and(|deadline| Instant::now() >= deadline.into());
        let end = |trailers| Some(Ok(Frame::trailers(trailers)));
        match &polled {
            Poll::Pending => return self.poll_late(context).map(end),
            Poll::Ready(Some(Ok(frame))) if is_late && frame.is_data() => {
                return self.end_late().map(end);
            }
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(trailers) = frame.trailers_ref() {
                    exchange.rpc = RpcStatus::of(trailers);
                }
                if let Some(data) = frame.data_ref() {
                    exchange.sent += u64::try_from(data.len()).unwrap_or_default();
                }
                exchange.complete = body.is_end_stream();
            }
            Poll::Ready(None) => exchange.complete = true,
            _ => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl fmt::Debug for StackBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("StackBody")
            .field(&self.body)
            .finish()
    }
}
