use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use pin_project_lite::pin_project;
use seaworthy_core::context;
use tower_layer::Layer;
use tower_service::Service;

use super::{
    expiry::Expiry,
    gate::{Gate, Pass},
    reloadable::ReloadableTimeout,
};
use crate::{CallError, Rejection, RejectionReason};

/// Ends a call with all its attempts at a time limit or at the deadline of the current request,
/// whichever is earlier. A call after the deadline does not begin.
///
/// ```
/// use seaworthy_resilience::{CallLayer, timeout::DeadlineLayer};
/// use seaworthy_core::Timeout;
/// use tower::{ServiceBuilder, ServiceExt as _, service_fn};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let stock = ServiceBuilder::new()
///     .layer(DeadlineLayer::new("stock", Timeout::from_secs(2)))
///     .layer(CallLayer)
///     .service(service_fn(|item: u32| async move { Ok::<_, std::io::Error>(item * 2) }));
/// assert_eq!(stock.oneshot(21).await.unwrap(), 42);
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct DeadlineLayer {
    name: Arc<str>,
    limit: ReloadableTimeout,
}

/// The service of [`DeadlineLayer`].
#[derive(Debug, Clone)]
pub struct Deadline<S, G = ()> {
    inner: S,
    name: Arc<str>,
    limit: ReloadableTimeout,
    gate: G,
}

impl DeadlineLayer {
    /// Creates a layer with this limit. `name` is the name of the dependency.
    pub fn new(name: impl Into<Arc<str>>, limit: impl Into<ReloadableTimeout>) -> Self {
        Self {
            name: name.into(),
            limit: limit.into(),
        }
    }
}

impl<S> Deadline<S> {
    /// Limits every call of a service to `limit`. `name` is the name of the dependency.
    pub fn new(inner: S, name: &Arc<str>, limit: impl Into<ReloadableTimeout>) -> Self {
        Self::gated(inner, name, limit.into(), ())
    }
}

impl<S, G> Deadline<S, G> {
    /// Adds a gate, which admits or rejects the calls whose deadline has not passed.
    pub(crate) fn gated(inner: S, name: &Arc<str>, limit: ReloadableTimeout, gate: G) -> Self {
        Self {
            inner,
            name: Arc::clone(name),
            limit,
            gate,
        }
    }
}

impl<S> Layer<S> for DeadlineLayer {
    type Service = Deadline<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Deadline::new(inner, &self.name, self.limit.clone())
    }
}

/// Returns the remaining time of the current request: `None` without a deadline, and zero if it has
/// passed.
pub(crate) fn time_left() -> Option<Duration> {
    deadline().map(|deadline| deadline.remaining().unwrap_or_default())
}

/// Returns the deadline of the current request.
fn deadline() -> Option<seaworthy_core::Deadline> {
    context::with_current(|current| current?.deadline())
}

impl<S, G, Request, E> Service<Request> for Deadline<S, G>
where
    S: Service<Request, Error = CallError<E>>,
    G: Gate<S::Response, E>,
{
    type Response = S::Response;
    type Error = CallError<E>;
    type Future = DeadlineFuture<S::Future, G::Pass>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let deadline = deadline();
        if deadline.is_some_and(seaworthy_core::Deadline::has_passed) {
            return DeadlineFuture::rejected(Rejection::new(
                &self.name,
                RejectionReason::DeadlineExceeded,
            ));
        }
        let pass = match self.gate.enter() {
            Ok(pass) => pass,
            Err(rejection) => return DeadlineFuture::rejected(rejection),
        };
        DeadlineFuture {
            state: State::Running {
                inner: self.inner.call(request),
                expiry: Expiry::after(self.limit.get()),
                deadline,
                pass,
            },
        }
    }
}

pin_project! {
    /// The future of [`Deadline`].
    #[derive(Debug)]
    pub struct DeadlineFuture<F, P = ()> {
        #[pin]
        state: State<F, P>,
    }
}

impl<F, P> DeadlineFuture<F, P> {
    const fn rejected(rejection: Rejection) -> Self {
        Self {
            state: State::Rejected {
                rejection: Some(rejection),
            },
        }
    }
}

pin_project! {
    #[project = StateProjection]
    #[derive(Debug)]
    enum State<F, P> {
        Rejected { rejection: Option<Rejection> },
        Running {
            #[pin]
            inner: F,
            #[pin]
            expiry: Expiry,
            // The time until the timer starts, which may be long after the call was made.
            deadline: Option<seaworthy_core::Deadline>,
            pass: P,
        },
    }
}

impl<F, P, T, E> Future for DeadlineFuture<F, P>
where
    F: Future<Output = Result<T, CallError<E>>>,
    P: Pass<T, E>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Rejected { rejection } => match rejection.take() {
                Some(rejection) => Poll::Ready(Err(rejection.into())),
                None => Poll::Pending,
            },
            StateProjection::Running {
                inner,
                mut expiry,
                deadline,
                pass,
            } => {
                if let Poll::Ready(result) = inner.poll(context) {
                    pass.leave(&result);
                    return Poll::Ready(result);
                }
                if let Some(deadline) = deadline.take() {
                    let left = deadline.remaining().unwrap_or_default();
                    expiry.as_mut().shorten_to(left);
                }
                expiry.poll_elapsed(context).map(|elapsed| {
                    let result = Err(elapsed.into());
                    pass.leave(&result);
                    result
                })
            }
        }
    }
}
