use std::task::{Context, Poll};

use tower_service::Service;

use super::future::HedgeFuture;
use super::hedging::Hedging;
use crate::{
    CallError,
    retry::{Replay, Retry},
};

/// A service whose late calls are sent twice.
#[derive(Debug, Clone)]
pub struct HedgeService<S, P> {
    pub(super) inner: S,
    pub(super) hedging: Hedging,
    pub(super) budget: Retry,
    pub(super) replay: P,
}

impl<S, P, Request, E> Service<Request> for HedgeService<S, P>
where
    S: Service<Request, Error = CallError<E>> + Clone,
    P: Replay<Request>,
{
    type Response = S::Response;
    type Error = CallError<E>;
    type Future = HedgeFuture<S, P, Request>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let hedge = self.hedging.load();
        let saved = hedge.as_ref().and_then(|_| self.replay.save(&request));
        let first = self.inner.call(request);
        HedgeFuture::new(
            first,
            self.inner.clone(),
            (hedge, self.budget.clone()),
            self.replay.clone(),
            saved,
        )
    }
}
