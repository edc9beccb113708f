use std::task::{Context, Poll};

use tower_service::Service;

use super::{future::TimeoutFuture, reloadable::ReloadableTimeout};
use crate::CallError;

/// A service whose calls end after a limit.
#[derive(Debug, Clone)]
pub struct TimeoutService<S> {
    inner: S,
    limit: ReloadableTimeout,
}

impl<S> TimeoutService<S> {
    /// Limits every call of a service to `limit`.
    pub fn new(inner: S, limit: impl Into<ReloadableTimeout>) -> Self {
        Self {
            inner,
            limit: limit.into(),
        }
    }
}

impl<S, Request, E> Service<Request> for TimeoutService<S>
where
    S: Service<Request, Error = CallError<E>>,
{
    type Response = S::Response;
    type Error = CallError<E>;
    type Future = TimeoutFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        TimeoutFuture::new(self.inner.call(request), self.limit.get())
    }
}
