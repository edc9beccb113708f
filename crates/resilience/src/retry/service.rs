use std::task::{Context, Poll};

use tower_service::Service;

use super::{future::RetryFuture, handle::Retry, replay::Replay};
use crate::{CallError, Classify};

/// A service whose failed calls are tried again.
#[derive(Debug, Clone)]
pub struct RetryService<S, C, P> {
    inner: S,
    retry: Retry,
    classify: C,
    replay: P,
}

impl<S, C, P> RetryService<S, C, P> {
    /// Tries calls of a service again.
    pub const fn new(inner: S, retry: Retry, classify: C, replay: P) -> Self {
        Self {
            inner,
            retry,
            classify,
            replay,
        }
    }
}

impl<S, C, P, Request, E> Service<Request> for RetryService<S, C, P>
where
    S: Service<Request, Error = CallError<E>> + Clone,
    C: Classify<S::Response, E>,
    P: Replay<Request>,
{
    type Response = S::Response;
    type Error = CallError<E>;
    type Future = RetryFuture<S, C, P, Request>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        self.retry.begin();
        let kept = if self.retry.is_on() {
            self.replay.keep(&request)
        } else {
            None
        };
        let first = self.inner.call(request);
        RetryFuture::new(
            first,
            self.inner.clone(),
            self.retry.clone(),
            self.classify.clone(),
            self.replay.clone(),
            kept,
        )
    }
}
