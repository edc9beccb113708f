use std::task::{Context, Poll};

use tokio::time::Instant;
use tower_service::Service;

use super::{
    handle::{AdaptiveConcurrency, ConcurrencyPermit},
    priority::Prioritize,
};
use crate::{CallError, Classify, GuardedFuture};

/// A service that sheds load.
#[derive(Debug, Clone)]
pub struct AdaptiveConcurrencyService<S, C, P> {
    inner: S,
    limit: AdaptiveConcurrency,
    classify: C,
    prioritize: P,
}

impl<S, C, P> AdaptiveConcurrencyService<S, C, P> {
    /// Sheds load before a service.
    pub const fn new(inner: S, limit: AdaptiveConcurrency, classify: C, prioritize: P) -> Self {
        Self {
            inner,
            limit,
            classify,
            prioritize,
        }
    }
}

impl<S, C, P, Request, E> Service<Request> for AdaptiveConcurrencyService<S, C, P>
where
    S: Service<Request, Error = CallError<E>>,
    C: Classify<S::Response, E>,
    P: Prioritize<Request>,
{
    type Response = S::Response;
    type Error = CallError<E>;
    type Future = GuardedFuture<S::Future, C, ConcurrencyPermit>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let priority = self.prioritize.prioritize(&request);
        match self.limit.admit(priority, Instant::now().into_std()) {
            Ok(permit) => {
                GuardedFuture::admitted(self.inner.call(request), permit, self.classify.clone())
            }
            Err(refusal) => GuardedFuture::refused(refusal),
        }
    }
}
