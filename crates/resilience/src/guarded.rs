use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use pin_project_lite::pin_project;

use crate::{CallError, Classify, Outcome, Rejection, outcome::outcome_of};

/// The permit of an admitted call, which reports the outcome to its policy.
pub trait Permit<T, E, C>: Sized {
    /// Called once if the call was pending at its first poll.
    fn on_pending(&mut self) {}

    /// Returns when the call ended. `was_pending` is whether the first poll was pending.
    fn end_time(&self, _was_pending: bool) -> Instant {
        crate::clock::now()
    }

    /// Reports the result of the call and its outcome.
    fn finish(
        self,
        classify: &C,
        result: &mut Result<T, CallError<E>>,
        outcome: Outcome,
        now: Instant,
    );
}

pin_project! {
    /// A call that a policy admitted or rejected. It reports its outcome to the policy. A dropped
    /// call releases its permit without an outcome.
    #[derive(Debug)]
    pub struct GuardedFuture<F, C, P> {
        #[pin]
        state: State<F, C, P>,
    }
}

pin_project! {
    #[project = StateProjection]
    #[derive(Debug)]
    enum State<F, C, P> {
        Rejected { rejection: Option<Rejection> },
        Admitted { #[pin] inner: F, permit: Option<P>, classify: C, was_pending: bool },
    }
}

impl<F, C, P> GuardedFuture<F, C, P> {
    pub(crate) fn admitted(inner: F, permit: P, classify: C) -> Self {
        Self {
            state: State::Admitted {
                inner,
                permit: Some(permit),
                classify,
                was_pending: false,
            },
        }
    }

    pub(crate) fn rejected(rejection: Rejection) -> Self {
        Self {
            state: State::Rejected {
                rejection: Some(rejection),
            },
        }
    }
}

impl<F, C, P, T, E> Future for GuardedFuture<F, C, P>
where
    F: Future<Output = Result<T, CallError<E>>>,
    C: Classify<T, E>,
    P: Permit<T, E, C>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Rejected { rejection } => match rejection.take() {
                Some(rejection) => Poll::Ready(Err(rejection.into())),
                None => Poll::Pending,
            },
            StateProjection::Admitted {
                inner,
                permit,
                classify,
                was_pending,
            } => {
                let Poll::Ready(mut result) = inner.poll(context) else {
                    if !*was_pending && let Some(permit) = permit {
                        permit.on_pending();
                    }
                    *was_pending = true;
                    return Poll::Pending;
                };
                if let Some(permit) = permit.take() {
                    let outcome = outcome_of(classify, &result);
                    let now = permit.end_time(*was_pending);
                    permit.finish(classify, &mut result, outcome, now);
                }
                Poll::Ready(result)
            }
        }
    }
}
