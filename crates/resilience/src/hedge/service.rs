use std::task::{Context, Poll};

use seaworthy_core::Timeout;
use seaworthy_telemetry::metrics::Counter;
use tower_service::Service;

use super::future::HedgeFuture;
use crate::{
    CallError,
    retry::{Replay, Retry},
};

/// A service whose late calls are sent twice.
#[derive(Debug, Clone)]
pub struct HedgeService<S, P> {
    pub(super) inner: S,
    pub(super) delay: Timeout,
    pub(super) budget: Retry,
    pub(super) hedges: Counter,
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
        let kept = self.replay.keep(&request);
        let first = self.inner.call(request);
        HedgeFuture::new(
            first,
            self.inner.clone(),
            self.delay,
            (self.budget.clone(), self.hedges.clone()),
            self.replay.clone(),
            kept,
        )
    }
}
