use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

use super::{key::RateLimitKey, local::RateLimiter};
use crate::{CallError, Rejection};

/// A layer that limits requests in this process. `key` returns the key of a request.
///
/// ```
/// use seaworthy_resilience::{CallLayer, rate_limit::{RateLimitConfig, RateLimitKey, RateLimitLayer, RateLimiter}};
/// use seaworthy_telemetry::metrics::Metrics;
/// use tower::{ServiceBuilder, ServiceExt as _, service_fn};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let limiter = RateLimiter::new("stock", &RateLimitConfig::default(), &Metrics::new());
/// let stock = ServiceBuilder::new()
///     .layer(RateLimitLayer::new(limiter, |_: &u32| RateLimitKey::All))
///     .layer(CallLayer)
///     .service(service_fn(|item: u32| async move { Ok::<_, std::io::Error>(item * 2) }));
/// assert_eq!(stock.oneshot(21).await.unwrap(), 42);
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct RateLimitLayer<F> {
    limiter: RateLimiter,
    key: F,
}

/// The service of [`RateLimitLayer`].
#[derive(Debug, Clone)]
pub struct RateLimitService<S, F> {
    inner: S,
    limiter: RateLimiter,
    key: F,
}

impl<F> RateLimitLayer<F> {
    /// Creates a layer with a shared limit.
    pub const fn new(limiter: RateLimiter, key: F) -> Self {
        Self { limiter, key }
    }
}

impl<S, F: Clone> Layer<S> for RateLimitLayer<F> {
    type Service = RateLimitService<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        RateLimitService {
            inner,
            limiter: self.limiter.clone(),
            key: self.key.clone(),
        }
    }
}

impl<S, F, Request, E> Service<Request> for RateLimitService<S, F>
where
    S: Service<Request, Error = CallError<E>>,
    F: Fn(&Request) -> RateLimitKey,
{
    type Response = S::Response;
    type Error = CallError<E>;
    type Future = RateLimitFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let key = (self.key)(&request);
        let state = match self.limiter.admit(&key, Instant::now().into_std()) {
            Ok(_) => State::Admitted {
                inner: self.inner.call(request),
            },
            Err(rejection) => State::Rejected {
                rejection: Some(rejection),
            },
        };
        RateLimitFuture { state }
    }
}

pin_project! {
    /// The future of [`RateLimitService`].
    #[derive(Debug)]
    pub struct RateLimitFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProjection]
    #[derive(Debug)]
    enum State<F> {
        Rejected { rejection: Option<Rejection> },
        Admitted { #[pin] inner: F },
    }
}

impl<F, T, E> Future for RateLimitFuture<F>
where
    F: Future<Output = Result<T, CallError<E>>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Admitted { inner } => inner.poll(context),
            StateProjection::Rejected { rejection } => match rejection.take() {
                Some(rejection) => Poll::Ready(Err(rejection.into())),
                None => Poll::Pending,
            },
        }
    }
}
