use std::{
    error::Error as StdError,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use seaworthy_core::{Deadline, context};
use seaworthy_http::grpc_timeout;
use tokio::time::timeout_at;
use tonic::{Status, TimeoutExpired, body::Body, transport::Channel};
use tower_service::Service;

use super::body::BoundedBody;

const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
const BAGGAGE: HeaderName = HeaderName::from_static("baggage");
/// The largest number that the protocol has room for, in milliseconds 27 hours.
const LONGEST_TIMEOUT: u128 = 99_999_999;

/// A connection to another service, opened when it is needed. Cheap to clone; all clones share it.
///
/// ```
/// use seaworthy_grpc::client::GrpcClientConfig;
///
/// # async fn assemble() -> Result<(), seaworthy_grpc::client::GrpcClientError> {
/// let channel = GrpcClientConfig::new("http://orders:7000").channel()?;
/// // Generated: let orders = OrdersClient::new(channel);
/// # drop(channel);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct GrpcChannel {
    channel: Channel,
    timeout: Duration,
}

/// An answer on its way.
pub type GrpcCall = Pin<Box<dyn Future<Output = Result<Response<Body>, Status>> + Send>>;

impl GrpcChannel {
    pub(super) fn new(channel: Channel, timeout: Duration) -> Self {
        Self { channel, timeout }
    }

    /// The nearest of the three: what the client allows, what the request asks for, and until when somebody waits for what it is made for.
    fn deadline(&self, headers: &HeaderMap) -> Deadline {
        let asked = grpc_timeout(headers).map_or(self.timeout, |asked| asked.min(self.timeout));
        let own = Deadline::after(asked);
        let outer = context::with_current(|context| context.and_then(|context| context.deadline()));
        outer.map_or(own, |outer| own.min(outer))
    }
}

impl Service<Request<Body>> for GrpcChannel {
    type Response = Response<Body>;
    type Error = Status;
    type Future = GrpcCall;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Status>> {
        self.channel
            .poll_ready(context)
            .map_err(|error| Status::from_error(Box::new(error)))
    }

    fn call(&mut self, mut request: Request<Body>) -> GrpcCall {
        let deadline = self.deadline(request.headers());
        let Some(left) = deadline.remaining() else {
            return Box::pin(std::future::ready(Err(late())));
        };
        tell(request.headers_mut(), left);
        let answer = self.channel.call(request);
        Box::pin(async move {
            let deadline = deadline.instant().into();
            match timeout_at(deadline, answer).await {
                Ok(Ok(answer)) => {
                    Ok(answer.map(|body| Body::new(BoundedBody::new(body, deadline))))
                }
                Ok(Err(error)) if has_expired(&error) => Err(late()),
                Ok(Err(error)) => Err(Status::from_error(Box::new(error))),
                Err(_) => Err(late()),
            }
        })
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

/// Writes what the other service has to know.
fn tell(headers: &mut HeaderMap, left: Duration) {
    let milliseconds = left.as_millis().clamp(1, LONGEST_TIMEOUT);
    set(headers, GRPC_TIMEOUT, format!("{milliseconds}m").as_bytes());
    context::with_current(|context| {
        let Some(context) = context else { return };
        set(
            headers,
            X_REQUEST_ID,
            context.request_id().as_str().as_bytes(),
        );
        let trace = context.trace().child();
        set(headers, TRACEPARENT, &trace.traceparent().to_bytes());
        for (name, value) in [(TRACESTATE, trace.tracestate()), (BAGGAGE, trace.baggage())] {
            if let Some(value) = value {
                set(headers, name, value.as_bytes());
            }
        }
    });
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &[u8]) {
    if let Ok(value) = HeaderValue::from_bytes(value) {
        headers.insert(name, value);
    }
}

impl fmt::Debug for GrpcChannel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("GrpcChannel")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
