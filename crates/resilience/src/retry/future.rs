use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};
use tower_service::Service;

use super::{replay::Replay, service::RetryParts};
use crate::{CallError, Classify, outcome::outcome_of};

pin_project! {
    /// The future of [`RetryService`](super::RetryService).
    pub struct RetryFuture<S, C, P, Request>
    where
        S: Service<Request>,
        P: Replay<Request>,
    {
        #[pin]
        state: State<S, S::Future, Request>,
        retry_parts: Arc<RetryParts<S>>,
        classify: C,
        replay: P,
        saved: Option<P::Saved>,
        attempts: u32,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, F, Request> {
        Calling { #[pin] attempt: F },
        // The attempt is dropped before the rest of its request is used again.
        Failed,
        Waiting { sleep: Pin<Box<Sleep>>, request: Option<Request> },
        Readying { service: S, request: Option<Request> },
    }
}

impl<S: Service<Request>, C, P: Replay<Request>, Request> RetryFuture<S, C, P, Request> {
    pub(super) fn new(
        first: S::Future,
        retry_parts: Arc<RetryParts<S>>,
        classify: C,
        replay: P,
        saved: Option<P::Saved>,
    ) -> Self {
        Self {
            state: State::Calling { attempt: first },
            retry_parts,
            classify,
            replay,
            saved,
            attempts: 1,
        }
    }
}

impl<S, C, P, Request, E> Future for RetryFuture<S, C, P, Request>
where
    S: Service<Request, Error = CallError<E>> + Clone,
    C: Classify<S::Response, E>,
    P: Replay<Request>,
{
    type Output = Result<S::Response, CallError<E>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.state.as_mut().project() {
                StateProjection::Calling { attempt } => {
                    let result = ready!(attempt.poll(context));
                    let Some(saved) = this.saved.as_ref() else {
                        return Poll::Ready(result);
                    };
                    let outcome = outcome_of(this.classify, &result);
                    if !outcome.is_retryable() {
                        return Poll::Ready(result);
                    }
                    this.state.set(State::Failed);
                    let Some(request) = this.replay.rebuild(saved) else {
                        return Poll::Ready(result);
                    };
                    let Some(delay) = this.retry_parts.retry.next_delay(outcome, *this.attempts)
                    else {
                        return Poll::Ready(result);
                    };
                    tracing::debug!(
                        dependency = this.retry_parts.retry.name(),
                        attempt = *this.attempts,
                        delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
                        "retrying a call to a dependency"
                    );
                    *this.attempts += 1;
                    State::Waiting {
                        sleep: Box::pin(sleep(delay)),
                        request: Some(request),
                    }
                }
                StateProjection::Failed => return Poll::Pending,
                StateProjection::Waiting { sleep, request } => {
                    ready!(sleep.as_mut().poll(context));
                    State::Readying {
                        service: this.retry_parts.service.lock().clone(),
                        request: request.take(),
                    }
                }
                StateProjection::Readying { service, request } => {
                    ready!(service.poll_ready(context))?;
                    let Some(request) = request.take() else {
                        return Poll::Pending;
                    };
                    State::Calling {
                        attempt: service.call(request),
                    }
                }
            };
            this.state.set(next);
        }
    }
}

impl<S, C, P, Request> fmt::Debug for RetryFuture<S, C, P, Request>
where
    S: Service<Request>,
    P: Replay<Request>,
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RetryFuture")
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}
