use std::{
    error::Error as StdError,
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use http_body::{Frame, SizeHint};
use seaworthy_resilience::{Classify as _, Outcome};
use tonic::{Code, Status, TimeoutExpired, body::Body};
use tower_service::Service;

use super::{
    balance::{Balancer, InFlight},
    classify::{ClassifyGrpc, OneOfSeveral, of_status},
    propagation::tell_time,
    repeatable::Recorded,
};

/// What one attempt must know beyond its request.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub(super) ends: Instant,
    pub(super) count: Arc<AtomicU32>,
}

/// Sends one request over a connection of the balancer's choice.
#[derive(Debug, Clone)]
pub(super) struct Transport {
    pub(super) balancer: Arc<Balancer>,
    /// What one attempt is given.
    pub(super) patience: Duration,
}

impl Service<Request<Recorded>> for Transport {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Response<Body>, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Recorded>) -> Self::Future {
        let (balancer, patience) = (Arc::clone(&self.balancer), self.patience);
        let attempt = request.extensions_mut().remove::<Attempt>();
        Box::pin(async move {
            let (mut channel, mut running) = balancer.choose(patience).await?;
            if let Some(attempt) = attempt {
                attempt.count.fetch_add(1, Ordering::Relaxed);
                let left = attempt.ends.saturating_duration_since(Instant::now());
                tell_time(request.headers_mut(), left);
            }
            let answer = match poll_fn(|context| channel.poll_ready(context)).await {
                Ok(()) => channel.call(request.map(Body::new)).await,
                Err(error) => Err(error),
            };
            let mut answer = answer.map_err(failure);
            let outcome = ClassifyGrpc.classify(answer.as_ref());
            if outcome == Outcome::Success {
                running.answered();
            } else {
                if running.has_others()
                    && let Ok(answer) = &mut answer
                {
                    answer.extensions_mut().insert(OneOfSeveral);
                }
                running.report(outcome);
            }
            Ok(answer?.map(|body| Body::new(Answer { body, running })))
        })
    }
}

/// What a broken connection means. A connection that ends before the answer has not necessarily ended before the work.
fn failure(error: tonic::transport::Error) -> Status {
    if has_expired(&error) {
        return late();
    }
    let status = Status::from_error(Box::new(error));
    match status.code() {
        Code::Unknown | Code::Internal => Status::unavailable(status.message()),
        _ => status,
    }
}

pub(super) fn late() -> Status {
    Status::deadline_exceeded("the call was not answered in time")
}

/// tonic watches `grpc-timeout` too, and calls its end a cancellation.
fn has_expired(error: &(dyn StdError + 'static)) -> bool {
    std::iter::successors(Some(error), |&error| error.source())
        .any(|cause| cause.is::<TimeoutExpired>())
}

/// The rest of an answer: its replica is told how it ends.
struct Answer {
    body: Body,
    running: InFlight,
}

impl http_body::Body for Answer {
    type Data = <Body as http_body::Body>::Data;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Status>>> {
        let this = &mut *self;
        let frame = std::task::ready!(Pin::new(&mut this.body).poll_frame(context));
        this.running.report(match &frame {
            Some(Ok(frame)) => outcome_of_trailers(frame.trailers_ref()),
            Some(Err(status)) => of_status(status, &HeaderMap::new()),
            None => Outcome::Success,
        });
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Nothing yet, unless these are the last words.
pub(super) fn outcome_of_trailers(trailers: Option<&HeaderMap>) -> Outcome {
    let status = trailers.and_then(Status::from_header_map);
    match (status, trailers) {
        (Some(status), Some(trailers)) => of_status(&status, trailers),
        _ => Outcome::Neutral,
    }
}
