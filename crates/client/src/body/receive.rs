use std::{
    future::Future as _,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Buf as _, Bytes};
use http_body::{Body, Frame};
use hyper::body::Incoming;
use seaworthy_core::ByteSize;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::{BodySize, ClientError, TimeoutKind};

/// The time at which a call times out, and the timeout that sets it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound {
    pub(crate) at: Instant,
    pub(crate) kind: TimeoutKind,
    pub(crate) allowed: Duration,
}

/// A body as received, with limits of size and time.
pub(crate) struct Received {
    body: Incoming,
    host: Arc<str>,
    left: u64,
    max_size: ByteSize,
    idle: Duration,
    bound: Bound,
    /// Created when the body is first pending.
    timer: Option<Pin<Box<Sleep>>>,
    waiting: bool,
}

impl Received {
    pub(crate) fn new(
        body: Incoming,
        host: Arc<str>,
        max_size: ByteSize,
        idle: Duration,
        bound: Bound,
    ) -> Self {
        Self {
            body,
            host,
            left: max_size.get(),
            max_size,
            idle,
            bound,
            timer: None,
            waiting: false,
        }
    }

    fn poll_expired(&mut self, context: &mut Context<'_>) -> Poll<ClientError> {
        let at = self.bound.at.min(Instant::now() + self.idle);
        let timer = match &mut self.timer {
            Some(timer) => {
                if !self.waiting {
                    timer.as_mut().reset(at);
                }
                timer
            }
            None => self.timer.insert(Box::pin(sleep_until(at))),
        };
        self.waiting = true;
        let at = timer.deadline();
        timer.as_mut().poll(context).map(|()| {
            let (kind, after) = if at >= self.bound.at {
                (self.bound.kind, self.bound.allowed)
            } else {
                (TimeoutKind::Idle, self.idle)
            };
            ClientError::TimedOut {
                host: Arc::clone(&self.host),
                kind,
                after,
            }
        })
    }
}

impl Body for Received {
    type Data = Bytes;
    type Error = ClientError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ClientError>>> {
        let this = &mut *self;
        // A body that is always ready must not exceed the time limit of the call.
        if Instant::now() >= this.bound.at {
            return Poll::Ready(Some(Err(ClientError::TimedOut {
                host: Arc::clone(&this.host),
                kind: this.bound.kind,
                after: this.bound.allowed,
            })));
        }
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) else {
            return this.poll_expired(context).map(|error| Some(Err(error)));
        };
        this.waiting = false;
        Poll::Ready(frame.map(|frame| match frame {
            Ok(frame) => {
                let length = frame.data_ref().map_or(0, Bytes::remaining);
                let length = u64::try_from(length).unwrap_or(u64::MAX);
                match this.left.checked_sub(length) {
                    Some(left) => {
                        this.left = left;
                        Ok(frame)
                    }
                    None => Err(ClientError::TooLarge {
                        host: Arc::clone(&this.host),
                        limit: this.max_size,
                        of: BodySize::Received,
                    }),
                }
            }
            Err(error) => Err(ClientError::Exchange {
                host: Arc::clone(&this.host),
                source: error.into(),
            }),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}
