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

/// The error of a call that passed the layers of this crate.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CallError<E> {
    /// A policy rejected the call before it was sent.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The call exceeded its timeout.
    #[error(transparent)]
    TimedOut(#[from] Elapsed),
    /// The dependency or the connection failed.
    #[error(transparent)]
    Failed(E),
}

/// A call that a policy rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    dependency: Arc<str>,
    reason: RejectionReason,
    retry_after: Option<Duration>,
}

/// The reason for a rejection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejected {
    /// The deadline of the request has passed.
    DeadlineExceeded,
    /// The circuit breaker is open.
    CircuitOpen,
    /// The bulkhead is full, and the call waited too long or could not wait.
    BulkheadFull,
    /// The rate limit is exhausted.
    RateLimited,
    /// The rate limit of calls to the dependency is exhausted. The client is not at fault.
    DependencyLimited,
    /// The service is overloaded and serves requests of higher priority.
    Overloaded,
    /// The store of the rate limiter is unavailable, and `on_failure` is `closed`.
    Degraded,
}

/// A call that exceeded its timeout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no response within {0:?}")]
pub struct Elapsed(Duration);

impl Elapsed {
    pub(crate) const fn after(timeout: Duration) -> Self {
        Self(timeout)
    }

    /// Returns the timeout.
    #[must_use]
    pub const fn timeout(self) -> Duration {
        self.0
    }
}

impl Rejection {
    pub(crate) fn new(dependency: &Arc<str>, reason: RejectionReason) -> Self {
        Self {
            dependency: Arc::clone(dependency),
            reason,
            retry_after: None,
        }
    }

    pub(crate) fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Returns the name of the dependency, of its endpoint (`dependency/endpoint`) or of the limit.
    #[must_use]
    pub fn dependency(&self) -> &str {
        &self.dependency
    }

    /// Returns the reason for the rejection.
    #[must_use]
    pub fn reason(&self) -> Rejected {
        self.reason
    }

    /// Returns how long to wait before a retry.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl Rejected {
    /// Returns the machine-readable reason, in upper snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
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
            Self::CircuitOpen => "a dependency of this service is failing: try again later",
            Self::BulkheadFull | Self::DependencyLimited => {
                "a dependency of this service is busy: try again later"
            }
            Self::RateLimited => "too many requests: try again later",
            Self::Overloaded => "the service is overloaded: try again later",
            Self::Degraded => "the service is degraded: try again later",
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}: rejected with {}",
            self.dependency,
            self.reason.as_str()
        )
    }
}

impl std::error::Error for Rejection {}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        let reason = rejection.reason;
        let error = Self::new(reason.code(), reason.as_str(), reason.text());
        let error = match rejection.retry_after {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        };
        error.with_cause(rejection)
    }
}

impl From<Elapsed> for Error {
    fn from(elapsed: Elapsed) -> Self {
        Self::new(
            Code::DeadlineExceeded,
            "TIMEOUT",
            "a dependency of this service did not respond in time",
        )
        .with_cause(elapsed)
    }
}

impl<E: Into<Error>> From<CallError<E>> for Error {
    fn from(error: CallError<E>) -> Self {
        match error {
            CallError::Rejected(rejection) => rejection.into(),
            CallError::TimedOut(elapsed) => elapsed.into(),
            CallError::Failed(error) => error.into(),
        }
    }
}

/// Converts the errors of a service to [`CallError`]. It is the innermost layer of this crate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallLayer;

/// The service of [`CallLayer`].
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
