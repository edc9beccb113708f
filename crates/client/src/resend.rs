use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use hyper_util::client::legacy::{Client, Error as HyperError};
use seaworthy_core::{Backoff, ByteSize, Timeout};
use seaworthy_resilience::{is_unprocessed, retry::ReplayBody};
use tokio::time::{Instant, sleep};

use crate::{RequestBody, connect::Connector, propagation::REQUEST_TIMEOUT, replay::ReplayRequest};

/// The first upper bound of the delay before a request is sent again.
const INITIAL_BACKOFF: Timeout = Timeout::from_millis(20);
/// Maximum delay. It is longer than for a refused connection, because the service responds while it
/// starts.
const MAX_BACKOFF: Timeout = Timeout::from_millis(100);

/// The time limits of one attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The deadline of the attempt, for the header with the remaining time.
    pub(crate) announced_deadline: Option<Instant>,
    /// The deadline for sending the request again.
    pub(crate) resend_deadline: Instant,
}

/// Sends a request. While the service is starting, it sends the request again with any method,
/// because the service has not processed it. `bytes` is the body, if it is in memory.
pub(crate) async fn send(
    client: Client<Connector, ReplayBody<RequestBody>>,
    mut request: ReplayRequest,
    bytes: Option<Bytes>,
    limits: Limits,
) -> Result<Response<Incoming>, HyperError> {
    let backoff = Backoff::new(INITIAL_BACKOFF, MAX_BACKOFF);
    let mut attempt = 0;
    loop {
        if let Some(end) = limits.announced_deadline {
            let left = end.saturating_duration_since(Instant::now()).as_millis();
            let left = u64::try_from(left.max(1)).unwrap_or(u64::MAX);
            let left = HeaderValue::from(left);
            request.headers_mut().insert(REQUEST_TIMEOUT, left);
        }
        let (head, record) = ReplayBody::capture(&request);
        let response = client.request(request).await?;
        let delay = backoff.delay(attempt);
        if !is_unprocessed(&response) || Instant::now() + delay >= limits.resend_deadline {
            return Ok(response);
        }
        sleep(delay).await;
        let body = match &bytes {
            Some(bytes) => ReplayBody::new(RequestBody::from(bytes.clone()), ByteSize::bytes(0)),
            None => match ReplayBody::rebuild(&record) {
                Some(body) => body,
                None => return Ok(response),
            },
        };
        request = Request::from_parts(head, body);
        attempt += 1;
    }
}
