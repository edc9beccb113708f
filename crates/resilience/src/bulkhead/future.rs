use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::handle::{Bulkhead, BulkheadPermit};
use crate::{CallError, Rejection};

type Entering = Pin<Box<dyn Future<Output = Result<BulkheadPermit, Rejection>> + Send>>;

pin_project! {
    /// The future of [`BulkheadService`](super::BulkheadService). A call that gets a permit
    /// immediately allocates nothing.
    pub struct BulkheadFuture<S, Request> where S: Service<Request> {
        #[pin]
        state: State<S, S::Future, Request>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, F, Request> {
        Waiting { entering: Entering, service: S, request: Option<Request> },
        Entered { #[pin] inner: F, _permit: BulkheadPermit },
    }
}

impl<S: Service<Request>, Request> BulkheadFuture<S, Request> {
    pub(super) fn entered(inner: S::Future, permit: BulkheadPermit) -> Self {
        Self {
            state: State::Entered {
                inner,
                _permit: permit,
            },
        }
    }

    pub(super) fn waiting(bulkhead: Bulkhead, service: S, request: Request) -> Self {
        Self {
            state: State::Waiting {
                entering: Box::pin(async move { bulkhead.acquire().await }),
                service,
                request: Some(request),
            },
        }
    }
}

impl<S, Request, E> Future for BulkheadFuture<S, Request>
where
    S: Service<Request, Error = CallError<E>>,
{
    type Output = Result<S::Response, CallError<E>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProjection::Entered { inner, .. } => return inner.poll(context),
                StateProjection::Waiting {
                    entering,
                    service,
                    request,
                } => {
                    let permit = ready!(entering.as_mut().poll(context))?;
                    let Some(request) = request.take() else {
                        return Poll::Pending;
                    };
                    State::Entered {
                        inner: service.call(request),
                        _permit: permit,
                    }
                }
            };
            state.set(next);
        }
    }
}

impl<S: Service<Request>, Request> fmt::Debug for BulkheadFuture<S, Request> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BulkheadFuture")
            .finish_non_exhaustive()
    }
}
