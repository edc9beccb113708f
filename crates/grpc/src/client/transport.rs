use std::{
    error::Error as StdError,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::{Frame, SizeHint};
use seaworthy_resilience::{Classify as _, Outcome, retry::ReplayBody, timeout::ReloadableTimeout};
use tonic::{Code, Status, TimeoutExpired, body::Body};
use tower_service::Service;

use super::{
    balance::{Balancer, ConnectionDrained, InFlight},
    classify::{ClassifyGrpc, HasPeers, of_status},
    idempotent::Recorded,
    observe::Attempts,
    propagation::set_timeout,
    status_details,
};

/// How often one attempt selects another connection because none accepted its call. It is more than
/// one, because a fleet that restarts drains several connections at the same time.
const MAX_RESENDS: u32 = 3;

/// The data of one attempt.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub(super) ends: Instant,
    pub(super) attempts: Arc<Attempts>,
}

/// Sends a request over a connection that the balancer selects.
#[derive(Debug, Clone)]
pub(super) struct Transport {
    pub(super) balancer: Arc<Balancer>,
    /// The time limit of one attempt.
    pub(super) attempt_timeout: ReloadableTimeout,
}

impl Service<Request<Recorded>> for Transport {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Response<Body>, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Recorded>) -> Self::Future {
        let (balancer, attempt_timeout) = (Arc::clone(&self.balancer), self.attempt_timeout.get());
        // Connections do not read extensions, and each attempt keeps a copy of the head.
        let mut extensions = std::mem::take(request.extensions_mut());
        let attempt = extensions.remove::<Attempt>();
        Box::pin(async move {
            if let Some(attempt) = &attempt {
                attempt.attempts.begin();
            }
            let attempts = attempt.as_ref().map(|attempt| &*attempt.attempts);
            let mut resends = 0;
            let (answer, mut running) = loop {
                let (mut channel, running) = balancer.choose(attempt_timeout, attempts).await?;
                if let Some(attempt) = &attempt {
                    let left = attempt.ends.saturating_duration_since(Instant::now());
                    set_timeout(request.headers_mut(), left);
                }
                let (head, record) = ReplayBody::capture(&request);
                let answer = match poll_fn(|context| channel.poll_ready(context)).await {
                    Ok(()) => channel.call(request.map(Body::new)).await,
                    Err(error) => Err(error),
                };
                let unsent = answer.as_ref().err().and_then(|error| Unsent::of(error));
                if unsent == Some(Unsent::ByConnection) {
                    running.leave_connection();
                }
                if unsent.is_some()
                    && resends < MAX_RESENDS
                    && let Some(body) = ReplayBody::rebuild(&record)
                {
                    resends += 1;
                    request = Request::from_parts(head, body);
                    continue;
                }
                break (answer, running);
            };
            let mut answer = answer.map_err(failure);
            if let Ok(answer) = &mut answer {
                status_details::remove_malformed(answer.headers_mut());
            }
            let outcome = ClassifyGrpc.classify(answer.as_ref());
            let awaits_status = answer.as_ref().is_ok_and(awaits_status);
            if running.has_peers()
                && let Ok(answer) = &mut answer
            {
                answer.extensions_mut().insert(HasPeers);
            }
            if outcome == Outcome::Success && awaits_status {
                running.record_response();
            } else {
                running.report(outcome);
            }
            Ok(answer?.map(|body| {
                Body::new(ResponseBody {
                    body,
                    running,
                    awaits_status,
                })
            }))
        })
    }
}

/// Whether the status comes after the messages. Only HTTP 200 is a gRPC response. Any other HTTP
/// status is final.
fn awaits_status(answer: &Response<Body>) -> bool {
    answer.status() == StatusCode::OK && !answer.headers().contains_key("grpc-status")
}

/// The reason why the server has not processed a call. The client can send the call again, even if
/// it is not idempotent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unsent {
    /// The connection does not accept new calls.
    ByConnection,
    /// The server refused this one stream before it was processed.
    ByStream,
}

impl Unsent {
    /// Reads the reason from the causes of an error. `None` if the server may have processed the
    /// call.
    fn of(error: &(dyn StdError + 'static)) -> Option<Self> {
        causes(error).find_map(|cause| {
            if cause.is::<ConnectionDrained>() {
                return Some(Self::ByConnection);
            }
            // hyper cancels requests that it has not passed to the connection.
            if cause
                .downcast_ref::<hyper::Error>()
                .is_some_and(hyper::Error::is_canceled)
            {
                return Some(Self::ByConnection);
            }
            let error = cause.downcast_ref::<h2::Error>()?;
            if !error.is_remote() {
                return None;
            }
            // With this error h2 ends only streams after the last one that GOAWAY names as
            // processed (RFC 9113, section 8.7).
            match error.reason() {
                _ if error.is_go_away() => Some(Self::ByConnection),
                Some(h2::Reason::REFUSED_STREAM) => Some(Self::ByStream),
                _ => None,
            }
        })
    }
}

fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// Returns the status of a failed connection. The server may still process a call whose connection
/// ended.
fn failure(error: tonic::transport::Error) -> Status {
    if has_expired(&error) {
        return late();
    }
    let is_unsent = Unsent::of(&error).is_some();
    let status = Status::from_error(Box::new(error));
    if is_unsent {
        return Status::unavailable("no connection accepted the call");
    }
    match status.code() {
        Code::Unknown | Code::Internal => Status::unavailable(status.message()),
        _ => status,
    }
}

pub(super) fn late() -> Status {
    Status::deadline_exceeded("the call exceeded its deadline")
}

/// Returns whether `grpc-timeout` was exceeded, which tonic reports as a cancellation.
fn has_expired(error: &(dyn StdError + 'static)) -> bool {
    causes(error).any(|cause| cause.is::<TimeoutExpired>())
}

/// The body of a response. It reports the end of the call to its replica.
struct ResponseBody {
    body: Body,
    running: InFlight,
    /// The status has not arrived. A response that ends without it was cut off.
    awaits_status: bool,
}

impl http_body::Body for ResponseBody {
    type Data = <Body as http_body::Body>::Data;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Status>>> {
        let this = &mut *self;
        let mut frame = std::task::ready!(Pin::new(&mut this.body).poll_frame(context));
        if let Some(Ok(frame)) = &mut frame
            && let Some(trailers) = frame.trailers_mut()
        {
            status_details::remove_malformed(trailers);
        }
        this.running.report(match &frame {
            Some(Ok(frame)) => outcome_of_trailers(frame.trailers_ref()),
            Some(Err(status)) => of_status(status, &HeaderMap::new()),
            None if this.awaits_status => Outcome::Permanent,
            None => Outcome::Success,
        });
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        !self.awaits_status && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Returns the outcome of a status in trailers. `Neutral` without one.
pub(super) fn outcome_of_trailers(trailers: Option<&HeaderMap>) -> Outcome {
    let status = trailers.and_then(Status::from_header_map);
    match (status, trailers) {
        (Some(status), Some(trailers)) => of_status(&status, trailers),
        _ => Outcome::Neutral,
    }
}
