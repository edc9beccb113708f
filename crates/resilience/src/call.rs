use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use pin_project_lite::pin_project;
use seaworthy_core::{Code, Error};
use tower_layer::Layer;
use tower_service::Service;

/// How a call ended that gave no response.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CallError<E> {
    /// A policy of this process refused it; the dependency never saw it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It took too long and was given up.
    #[error(transparent)]
    TimedOut(#[from] Elapsed),
    /// The dependency, or the way to it, failed.
    #[error(transparent)]
    Failed(E),
}

/// A call that a policy of this process refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    dependency: Arc<str>,
    by: Refused,
    retry_after: Option<Duration>,
}

/// Which policy refused a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refused {
    /// Nobody waits for the answer any more: the deadline has passed.
    DeadlineExceeded,
    /// The circuit breaker is open.
    CircuitOpen,
    /// The bulkhead has no free place, and the wait for one was used up or not allowed.
    BulkheadFull,
    /// The rate limit is used up.
    RateLimited,
    /// The rate limit on the calls to the dependency is used up: no fault of who asked for it.
    DependencyLimited,
    /// The service is overloaded and serves what is more important first.
    Overloaded,
    /// The limiter's store cannot be asked, and the policy is to refuse then.
    Degraded,
}

/// A call that took longer than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no answer within {0:?}")]
pub struct Elapsed(Duration);

impl Elapsed {
    pub(crate) const fn after(limit: Duration) -> Self {
        Self(limit)
    }

    /// The time that was allowed.
    #[must_use]
    pub const fn limit(self) -> Duration {
        self.0
    }
}

impl Refusal {
    pub(crate) fn new(dependency: &Arc<str>, by: Refused) -> Self {
        Self {
            dependency: Arc::clone(dependency),
            by,
            retry_after: None,
        }
    }

    pub(crate) fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The name of the policy's handle: that of the dependency, of its endpoint (`dependency/endpoint`), or of the limit.
    #[must_use]
    pub fn dependency(&self) -> &str {
        &self.dependency
    }

    /// Which policy refused.
    #[must_use]
    pub fn by(&self) -> Refused {
        self.by
    }

    /// How long to wait until it may be worth another try.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl Refused {
    /// The machine-readable reason, in upper snake case.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::DeadlineExceeded => "DEADLINE_PASSED",
            Self::CircuitOpen => "CIRCUIT_OPEN",
            Self::BulkheadFull => "BULKHEAD_FULL",
            Self::RateLimited => "RATE_LIMITED",
            Self::DependencyLimited => "DEPENDENCY_LIMITED",
            Self::Overloaded => "OVERLOADED",
            Self::Degraded => "SERVICE_DEGRADED",
        }
    }

    const fn code(self) -> Code {
        match self {
            Self::DeadlineExceeded => Code::DeadlineExceeded,
            Self::RateLimited => Code::Exhausted,
            Self::CircuitOpen
            | Self::BulkheadFull
            | Self::DependencyLimited
            | Self::Overloaded
            | Self::Degraded => Code::Unavailable,
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::DeadlineExceeded => "the deadline has passed",
            Self::CircuitOpen => "something this service needs is failing; try again later",
            Self::BulkheadFull | Self::DependencyLimited => {
                "something this service needs is busy; try again later"
            }
            Self::RateLimited => "too many requests; try again later",
            Self::Overloaded => "the service is overloaded; try again later",
            Self::Degraded => "the service is degraded; try again later",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}: refused, {}",
            self.dependency,
            self.by.reason()
        )
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let by = refusal.by;
        let error = Self::new(by.code(), by.reason(), by.text());
        let error = match refusal.retry_after {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        };
        error.with_cause(refusal)
    }
}

impl From<Elapsed> for Error {
    fn from(elapsed: Elapsed) -> Self {
        Self::new(
            Code::DeadlineExceeded,
            "TIMEOUT",
            "something this service needs did not answer in time",
        )
        .with_cause(elapsed)
    }
}

impl<E: Into<Error>> From<CallError<E>> for Error {
    fn from(error: CallError<E>) -> Self {
        match error {
            CallError::Refused(refusal) => refusal.into(),
            CallError::TimedOut(elapsed) => elapsed.into(),
            CallError::Failed(error) => error.into(),
        }
    }
}

/// Lets a service speak [`CallError`]: the innermost layer under every other of this crate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallLayer;

/// What [`CallLayer`] makes.
#[derive(Debug, Clone, Copy)]
pub struct Call<S>(S);

impl<S> Call<S> {
    /// Wraps a service.
    pub const fn new(service: S) -> Self {
        Self(service)
    }
}

impl<S> Layer<S> for CallLayer {
    type Service = Call<S>;

    fn layer(&self, inner: S) -> Call<S> {
        Call(inner)
    }
}

impl<S: Service<Request>, Request> Service<Request> for Call<S> {
    type Response = S::Response;
    type Error = CallError<S::Error>;
    type Future = CallFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context).map_err(CallError::Failed)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        CallFuture {
            inner: self.0.call(request),
        }
    }
}

pin_project! {
    /// The future of [`Call`].
    #[derive(Debug)]
    pub struct CallFuture<F> {
        #[pin]
        inner: F,
    }
}

impl<F, T, E> Future for CallFuture<F>
where
    F: Future<Output = Result<T, E>>,
{
    type Output = Result<T, CallError<E>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(ready!(self.project().inner.poll(context)).map_err(CallError::Failed))
    }
}
