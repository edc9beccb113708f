use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use pin_project_lite::pin_project;

use super::expiry::Expiry;
use crate::CallError;

pin_project! {
    /// The future of [`TimeoutService`](super::TimeoutService). The time counts from its first
    /// poll.
    #[derive(Debug)]
    pub struct TimeoutFuture<F> {
        #[pin]
        inner: F,
        #[pin]
        expiry: Expiry,
    }
}

impl<F> TimeoutFuture<F> {
    pub(super) const fn new(inner: F, limit: Duration) -> Self {
        Self {
            inner,
            expiry: Expiry::after(limit),
        }
    }
}

impl<F, T, E> Future for TimeoutFuture<F>
where
    F: Future<Output = Result<T, CallError<E>>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(result) = this.inner.poll(context) {
            return Poll::Ready(result);
        }
        this.expiry
            .poll_elapsed(context)
            .map(|elapsed| Err(elapsed.into()))
    }
}
