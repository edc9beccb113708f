use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use pin_project_lite::pin_project;

use crate::{CallError, Classify, Outcome, Refusal, outcome::outcome_of};

/// What a policy gave to a call that it let through, and wants back with the outcome.
pub trait Permission<T, E, C>: Sized {
    /// The answer is still to come: told once, when the call was first looked at.
    fn waits(&mut self) {}

    /// When the call ended, by default now; `waited` tells whether the answer was still to come when the call was first looked at.
    fn ended(&self, _waited: bool) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    /// The call ended with this answer, which means `outcome`.
    fn finish(
        self,
        classify: &C,
        result: &mut Result<T, CallError<E>>,
        outcome: Outcome,
        now: Instant,
    );
}

pin_project! {
    /// A call that a policy let through or refused. The policy is told how it ended; a call that is dropped before hands its permission back untold.
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
        Refused { refusal: Option<Refusal> },
        Admitted { #[pin] inner: F, permission: Option<P>, classify: C, waited: bool },
    }
}

impl<F, C, P> GuardedFuture<F, C, P> {
    pub(crate) fn admitted(inner: F, permission: P, classify: C) -> Self {
        Self {
            state: State::Admitted {
                inner,
                permission: Some(permission),
                classify,
                waited: false,
            },
        }
    }

    pub(crate) fn refused(refusal: Refusal) -> Self {
        Self {
            state: State::Refused {
                refusal: Some(refusal),
            },
        }
    }
}

impl<F, C, P, T, E> Future for GuardedFuture<F, C, P>
where
    F: Future<Output = Result<T, CallError<E>>>,
    C: Classify<T, E>,
    P: Permission<T, E, C>,
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
                permission,
                classify,
                waited,
            } => {
                let Poll::Ready(mut result) = inner.poll(context) else {
                    if !*waited && let Some(permission) = permission {
                        permission.waits();
                    }
                    *waited = true;
                    return Poll::Pending;
                };
                if let Some(permission) = permission.take() {
                    let outcome = outcome_of(classify, &result);
                    let now = permission.ended(*waited);
                    permission.finish(classify, &mut result, outcome, now);
                }
                Poll::Ready(result)
            }
        }
    }
}
