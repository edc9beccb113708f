use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep};
use tower_service::Service;

use super::hedging::Hedge;
use crate::{
    CallError,
    retry::{Replay, Retry},
};

pin_project! {
    /// The future of [`HedgeService`](super::HedgeService). The first success is the result, and
    /// the other call is dropped. It returns an error only if both calls have failed.
    pub struct HedgeFuture<S, P, Request>
    where
        S: Service<Request>,
        P: Replay<Request>,
    {
        #[pin]
        first: Option<S::Future>,
        #[pin]
        second: Option<S::Future>,
        #[pin]
        sleep: Option<Sleep>,
        // `None` if hedging is off.
        hedge: Option<Arc<Hedge>>,
        service: S,
        budget: Retry,
        replay: P,
        saved: Option<P::Saved>,
        failed: Option<S::Error>,
    }
}

impl<S: Service<Request>, P: Replay<Request>, Request> HedgeFuture<S, P, Request> {
    pub(super) fn new(
        first: S::Future,
        service: S,
        (hedge, budget): (Option<Arc<Hedge>>, Retry),
        replay: P,
        saved: Option<P::Saved>,
    ) -> Self {
        Self {
            first: Some(first),
            second: None,
            sleep: None,
            hedge,
            service,
            budget,
            replay,
            saved,
            failed: None,
        }
    }
}

impl<S, P, Request, E> Future for HedgeFuture<S, P, Request>
where
    S: Service<Request, Error = CallError<E>>,
    P: Replay<Request>,
{
    type Output = Result<S::Response, CallError<E>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            for mut call in [this.first.as_mut(), this.second.as_mut()] {
                let Some(running) = call.as_mut().as_pin_mut() else {
                    continue;
                };
                match running.poll(context) {
                    Poll::Ready(Ok(response)) => return Poll::Ready(Ok(response)),
                    Poll::Ready(Err(error)) => {
                        call.set(None);
                        this.failed.get_or_insert(error);
                    }
                    Poll::Pending => {}
                }
            }
            if this.first.is_none()
                && this.second.is_none()
                && let Some(error) = this.failed.take()
            {
                return Poll::Ready(Err(error));
            }
            // If the first call has failed, the retry policy decides, and no hedge is sent.
            let hedge = match &*this.hedge {
                Some(hedge) if this.saved.is_some() && this.first.is_some() => hedge,
                _ => return Poll::Pending,
            };
            if this.sleep.is_none() {
                this.sleep.set(Some(sleep(hedge.delay.get())));
            }
            let sleep = this.sleep.as_mut().as_pin_mut();
            if sleep.is_some_and(|sleep| sleep.poll(context).is_pending()) {
                return Poll::Pending;
            }
            match this.service.poll_ready(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(_)) => {
                    *this.saved = None;
                    continue;
                }
                Poll::Ready(Ok(())) => {}
            }
            let again = this
                .saved
                .take()
                .and_then(|saved| this.replay.rebuild(&saved));
            if let Some(request) = again
                && this.budget.withdraw(Instant::now().into_std())
            {
                hedge.hedges.increment();
                this.second.set(Some(this.service.call(request)));
            }
        }
    }
}

impl<S, P, Request> fmt::Debug for HedgeFuture<S, P, Request>
where
    S: Service<Request>,
    P: Replay<Request>,
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HedgeFuture")
            .finish_non_exhaustive()
    }
}
