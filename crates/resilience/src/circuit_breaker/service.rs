use std::task::{Context, Poll};

use tokio::time::Instant;
use tower_service::Service;

use super::{admission::Admission, handle::CircuitBreaker};
use crate::{CallError, Classify, GuardedFuture};

/// A service with a circuit breaker.
#[derive(Debug, Clone)]
pub struct CircuitBreakerService<S, C> {
    inner: S,
    breaker: CircuitBreaker,
    classify: C,
}

impl<S, C> CircuitBreakerService<S, C> {
    /// Adds a breaker to a service.
    pub const fn new(inner: S, breaker: CircuitBreaker, classify: C) -> Self {
        Self {
            inner,
            breaker,
            classify,
        }
    }
}

impl<S, C, Request, E> Service<Request> for CircuitBreakerService<S, C>
where
    S: Service<Request, Error = CallError<E>>,
    C: Classify<S::Response, E>,
{
    type Response = S::Response;
    type Error = CallError<E>;
    type Future = GuardedFuture<S::Future, C, Admission>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match self.breaker.admit(Instant::now().into_std()) {
            Ok(admission) => {
                GuardedFuture::admitted(self.inner.call(request), admission, self.classify.clone())
            }
            Err(rejection) => GuardedFuture::rejected(rejection),
        }
    }
}
