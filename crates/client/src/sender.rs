use std::future::poll_fn;

use bytes::Bytes;
use futures::FutureExt as _;
use http::{Method, Request, Response, request::Parts};
use hyper::body::Incoming;
use seaworthy_core::ByteSize;
use seaworthy_resilience::{
    CallError,
    hedge::HedgeService,
    policies::{Pipeline, Policies},
    retry::{Replay, ReplayBody},
};
use tower_layer::Layer as _;
use tower_service::Service;

use crate::{
    ClientError, RequestBody,
    classify::ClassifyClient,
    replay::{ReplayCall, ReplayRequest},
    transport::{Attempt, Transport},
};

type Plain = Pipeline<Transport, ClassifyClient, ReplayCall>;

/// Sends requests through the policies of the dependency and hedges late reads if configured.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    policies: Policies,
    plain: Plain,
    hedged: HedgeService<Plain, ReplayRead>,
}

/// Hedges only reads without a body.
#[derive(Debug, Clone, Copy)]
struct ReplayRead;

impl Replay<ReplayRequest> for ReplayRead {
    type Saved = Parts;

    fn save(&self, request: &ReplayRequest) -> Option<Parts> {
        let attempt = request.extensions().get::<Attempt>()?;
        let is_empty = attempt.bytes.as_ref().is_some_and(Bytes::is_empty);
        let reads = [Method::GET, Method::HEAD].contains(request.method());
        (reads && is_empty).then(|| ReplayBody::capture(request).0)
    }

    fn rebuild(&self, head: &Parts) -> Option<ReplayRequest> {
        let nothing = RequestBody::from(Bytes::new());
        let body = ReplayBody::new(nothing, ByteSize::bytes(0));
        Some(Request::from_parts(head.clone(), body))
    }
}

impl Sender {
    pub(crate) fn new(policies: &Policies, transport: Transport, replay: ReplayCall) -> Self {
        let plain = policies.layer(ClassifyClient, replay).layer(transport);
        Self {
            policies: policies.clone(),
            hedged: policies.hedge_layer(ReplayRead).layer(plain.clone()),
            plain,
        }
    }

    pub(crate) async fn send(
        &self,
        request: ReplayRequest,
    ) -> Result<Response<Incoming>, CallError<ClientError>> {
        if self.policies.is_hedging() {
            // Boxed, because the future is large and hedging is rare.
            return through(self.hedged.clone(), request).boxed().await;
        }
        through(self.plain.clone(), request).await
    }
}

async fn through<S: Service<ReplayRequest>>(
    mut service: S,
    request: ReplayRequest,
) -> Result<S::Response, S::Error> {
    poll_fn(|context| service.poll_ready(context)).await?;
    service.call(request).await
}
