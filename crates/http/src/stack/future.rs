use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{body::Body, routing::future::RouteFuture};
use futures::future::BoxFuture;
use http::{Request, Response};
use pin_project_lite::pin_project;
use seaworthy_core::{Error, Grants};
use seaworthy_resilience::rate_limit::RateLimitResult;
use tokio::time::{Sleep, sleep_until};

use super::{
    StackBody,
    exchange::{Exchange, Panicked},
    respond::panicked,
};
use crate::{Identity, deadline};

pin_project! {
    /// The future of a request in the stack.
    ///
    /// Dropping it cancels the handler. The connection does that when the client disconnects
    /// (LIFE-6).
    #[must_use = "futures do nothing unless polled"]
    pub struct StackFuture {
        exchange: Option<Exchange>,
        #[pin]
        state: State,
        // Created at the first wait, so a handler that does not wait needs no timer.
        #[pin]
        timer: Option<Sleep>,
    }
}

pin_project! {
    #[project = StateProjection]
    pub(super) enum State {
        Respond { response: Option<Response<Body>> },
        Authenticating {
            future: BoxFuture<'static, Result<Option<Identity>, Error>>,
            request: Option<Request<Body>>,
        },
        Counting { future: BoxFuture<'static, RateLimitResult>, next: Option<Next> },
        Handling { #[pin] future: RouteFuture<Infallible> },
    }
}

/// The continuation of a request after it was counted.
#[expect(
    clippy::large_enum_variant,
    reason = "a box would cost each request an allocation"
)]
pub(super) enum Next {
    /// Calls the handler if the caller has access. `None` is an anonymous caller.
    Route(Option<Grants>, Request<Body>),
    /// Rejects the credentials of the caller.
    Reject(Error),
}

impl State {
    pub(super) fn respond(response: Response<Body>) -> Self {
        Self::Respond {
            response: Some(response),
        }
    }

    pub(super) fn authenticating(
        future: BoxFuture<'static, Result<Option<Identity>, Error>>,
        request: Request<Body>,
    ) -> Self {
        Self::Authenticating {
            future,
            request: Some(request),
        }
    }

    pub(super) fn counting(future: BoxFuture<'static, RateLimitResult>, next: Next) -> Self {
        Self::Counting {
            future,
            next: Some(next),
        }
    }

    pub(super) fn handling(future: RouteFuture<Infallible>) -> Self {
        Self::Handling { future }
    }
}

impl StackFuture {
    pub(super) fn new(exchange: Option<Exchange>, state: State) -> Self {
        Self {
            exchange,
            state,
            timer: None,
        }
    }
}

impl Future for StackFuture {
    type Output = Result<Response<StackBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let Some(exchange) = this.exchange.as_mut() else {
                let response = match this.state.as_mut().project() {
                    StateProjection::Respond { response } => response.take(),
                    _ => None,
                };
                let response = response.unwrap_or_else(|| Response::new(Body::empty()));
                return Poll::Ready(Ok(response.map(|body| StackBody::new(body, None))));
            };
            let response = match this.state.as_mut().project() {
                StateProjection::Respond { response } => response.take(),
                StateProjection::Authenticating { future, request } => {
                    match exchange.guard(|| future.as_mut().poll(context)) {
                        Ok(Poll::Pending) => None,
                        Err(Panicked) => Some(exchange.fail(panicked())),
                        Ok(Poll::Ready(identity)) => {
                            let request = request.take().unwrap_or_default();
                            let next = exchange.identified(request, identity);
                            this.state.set(next);
                            continue;
                        }
                    }
                }
                StateProjection::Counting { future, next } => {
                    match exchange.guard(|| future.as_mut().poll(context)) {
                        Ok(Poll::Pending) => None,
                        Err(Panicked) => Some(exchange.fail(panicked())),
                        Ok(Poll::Ready(counted)) => match next.take() {
                            Some(next) => {
                                let next = exchange.counted(counted, next);
                                this.state.set(next);
                                continue;
                            }
                            None => Some(exchange.fail(panicked())),
                        },
                    }
                }
                StateProjection::Handling { future } => {
                    match exchange.guard(|| future.poll(context)) {
                        Ok(Poll::Pending) => None,
                        Ok(Poll::Ready(Ok(response))) => Some(response),
                        Err(Panicked) => Some(exchange.fail(panicked())),
                    }
                }
            };
            let response = match response {
                Some(response) => response,
                None => {
                    if this.timer.is_none()
                        && let Some(deadline) = exchange.context.deadline()
                    {
                        this.timer.set(Some(sleep_until(deadline.instant().into())));
                    }
                    let Some(timer) = this.timer.as_mut().as_pin_mut() else {
                        return Poll::Pending;
                    };
                    match timer.poll(context) {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(()) => {
                            let late = exchange.fail(deadline::exceeded());
                            // Drops the handler and everything that it awaits in its context.
                            let nothing = State::Respond { response: None };
                            let _ = exchange.guard(|| this.state.set(nothing));
                            late
                        }
                    }
                }
            };
            return match this.exchange.take() {
                Some(exchange) => Poll::Ready(Ok(exchange.respond(response))),
                None => Poll::Pending,
            };
        }
    }
}

impl fmt::Debug for StackFuture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("StackFuture")
    }
}
