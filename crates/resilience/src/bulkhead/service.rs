use std::task::{Context, Poll};

use tower_service::Service;

use super::{future::BulkheadFuture, handle::Bulkhead};
use crate::CallError;

/// A service with a bulkhead.
#[derive(Debug, Clone)]
pub struct BulkheadService<S> {
    inner: S,
    bulkhead: Bulkhead,
}

impl<S> BulkheadService<S> {
    /// Adds a bulkhead to a service.
    pub const fn new(inner: S, bulkhead: Bulkhead) -> Self {
        Self { inner, bulkhead }
    }
}

impl<S, Request, E> Service<Request> for BulkheadService<S>
where
    S: Service<Request, Error = CallError<E>> + Clone,
{
    type Response = S::Response;
    type Error = CallError<E>;
    type Future = BulkheadFuture<S, Request>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match self.bulkhead.try_acquire() {
            Some(permit) => BulkheadFuture::entered(self.inner.call(request), permit),
            None => {
                let clone = self.inner.clone();
                let ready = std::mem::replace(&mut self.inner, clone);
                BulkheadFuture::waiting(self.bulkhead.clone(), ready, request)
            }
        }
    }
}
