//! The status of a gRPC response.

use std::future::Future;

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use futures::{future::BoxFuture, stream};
use http::HeaderMap;
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use tokio::runtime::Handle;

use crate::outcome::Outcome;

const GRPC_STATUS: &str = "grpc-status";
/// The code `UNKNOWN`, for a response without a valid status.
const UNKNOWN: i32 = 2;

/// Returns the status in headers or trailers.
pub(crate) fn grpc_status(headers: &HeaderMap) -> Option<i32> {
    let text = headers.get(GRPC_STATUS)?.to_str().ok();
    let number = text.and_then(|text| text.parse().ok());
    Some(number.unwrap_or(UNKNOWN))
}

/// Returns the status if a frame ends a response.
fn end_status<E>(frame: Option<&Result<Frame<Bytes>, E>>) -> Option<i32> {
    match frame {
        Some(Ok(frame)) => frame
            .trailers_ref()
            .map(|trailers| grpc_status(trailers).unwrap_or(UNKNOWN)),
        Some(Err(_)) | None => Some(UNKNOWN),
    }
}

/// Reads a unary response to its end. Returns it with its status.
pub(crate) async fn read_unary(response: Response) -> (Response, i32) {
    let (parts, mut body) = response.into_parts();
    let mut frames = Vec::new();
    let status = loop {
        let frame = body.frame().await;
        let status = end_status(frame.as_ref());
        frames.extend(frame);
        if let Some(status) = status {
            break status;
        }
    };
    let body = Body::new(StreamBody::new(stream::iter(frames)));
    (Response::from_parts(parts, body), status)
}

/// Calls `end` with the status of a response once its trailers are known, before the client gets
/// them. The status of a response that the client does not read to its end is `CANCELLED`.
pub(crate) fn on_status<F, E>(response: Response, end: E) -> Response
where
    E: FnOnce(Outcome) -> F + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let end = PendingEnd(Some(|outcome| -> BoxFuture<'static, ()> {
        Box::pin(end(outcome))
    }));
    response.map(|body| {
        let frames = stream::unfold((body, end), async |(mut body, mut end)| {
            let frame = body.frame().await;
            if let Some(status) = end_status(frame.as_ref())
                && let Some(end) = end.0.take()
            {
                end(Outcome::of_trailers(status)).await;
            }
            frame.map(|frame| (frame, (body, end)))
        });
        Body::new(StreamBody::new(Box::pin(frames)))
    })
}

/// The end of a response. If it is dropped, the trailers were not sent.
struct PendingEnd<E: FnOnce(Outcome) -> BoxFuture<'static, ()>>(Option<E>);

impl<E: FnOnce(Outcome) -> BoxFuture<'static, ()>> Drop for PendingEnd<E> {
    fn drop(&mut self) {
        if let Some(end) = self.0.take()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(end(Outcome::of_dropped(None, true)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    async fn status_of(frames: Vec<Frame<Bytes>>) -> Vec<i32> {
        let frames = frames.into_iter().map(Ok::<_, std::convert::Infallible>);
        let body = Body::new(StreamBody::new(stream::iter(frames)));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let response = on_status(Response::new(body), async move |outcome: Outcome| {
            sink.lock().unwrap().push(outcome.status);
        });
        let _ = response.into_body().collect().await.unwrap();
        let seen = seen.lock().unwrap();
        seen.clone()
    }

    #[tokio::test]
    async fn failure_in_trailers_is_the_status_obs_11() {
        let trailers = |status: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(GRPC_STATUS, status.parse().unwrap());
            Frame::trailers(headers)
        };
        let data = || Frame::data("message".into());
        assert_eq!(status_of(vec![data(), trailers("9")]).await, [9]);
        assert_eq!(status_of(vec![data(), trailers("0")]).await, [0]);
        assert_eq!(status_of(vec![data()]).await, [UNKNOWN]);
    }
}
