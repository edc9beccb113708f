use std::{
    sync::Arc,
    task::{Context, Poll},
};

use parking_lot::Mutex;
use tower_service::Service;

use super::{future::RetryFuture, handle::Retry, replay::Replay};
use crate::{CallError, Classify};

/// A service whose failed calls are retried.
#[derive(Debug, Clone)]
pub struct RetryService<S, C, P> {
    inner: S,
    retry_parts: Arc<RetryParts<S>>,
    classify: C,
    replay: P,
}

/// The parts that only a retry needs. Calls share them, so that a call without a retry only clones
/// a reference.
#[derive(Debug)]
pub(super) struct RetryParts<S> {
    pub(super) retry: Retry,
    /// The service to clone for a retry. The lock makes it `Sync`.
    pub(super) service: Mutex<S>,
}

impl<S: Clone, C, P> RetryService<S, C, P> {
    /// Adds retries to a service.
    pub fn new(inner: S, retry: Retry, classify: C, replay: P) -> Self {
        let service = Mutex::new(inner.clone());
        Self {
            inner,
            retry_parts: Arc::new(RetryParts { retry, service }),
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
        self.retry_parts.retry.begin();
        let saved = if self.retry_parts.retry.is_enabled() {
            self.replay.save(&request)
        } else {
            None
        };
        let first = self.inner.call(request);
        RetryFuture::new(
            first,
            Arc::clone(&self.retry_parts),
            self.classify.clone(),
            self.replay.clone(),
            saved,
        )
    }
}
