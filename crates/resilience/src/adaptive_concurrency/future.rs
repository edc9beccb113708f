use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::handle::ConcurrencyPermit;
use crate::{CallError, Classify, Refusal, outcome::outcome_of};

pin_project! {
    /// The future of [`AdaptiveConcurrencyService`](super::AdaptiveConcurrencyService).
    #[derive(Debug)]
    pub struct AdaptiveConcurrencyFuture<F, C> {
        #[pin]
        state: State<F, C>,
    }
}

pin_project! {
    #[project = StateProjection]
    #[derive(Debug)]
    enum State<F, C> {
        Refused { refusal: Option<Refusal> },
        Admitted { #[pin] inner: F, permit: Option<ConcurrencyPermit>, classify: C },
    }
}

impl<F, C> AdaptiveConcurrencyFuture<F, C> {
    pub(super) fn admitted(inner: F, permit: ConcurrencyPermit, classify: C) -> Self {
        Self {
            state: State::Admitted {
                inner,
                permit: Some(permit),
                classify,
            },
        }
    }

    pub(super) fn refused(refusal: Refusal) -> Self {
        Self {
            state: State::Refused {
                refusal: Some(refusal),
            },
        }
    }
}

impl<F, C, T, E> Future for AdaptiveConcurrencyFuture<F, C>
where
    F: Future<Output = Result<T, CallError<E>>>,
    C: Classify<T, E>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Refused { refusal } => match refusal.take() {
                Some(refusal) => Poll::Ready(Err(refusal.into())),
                None => Poll::Pending,
            },
            StateProjection::Admitted {
                inner,
                permit,
                classify,
            } => {
                let result = ready!(inner.poll(context));
                if let Some(permit) = permit.take() {
                    permit.report(outcome_of(classify, &result), Instant::now().into_std());
                }
                Poll::Ready(result)
            }
        }
    }
}
