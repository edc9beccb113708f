//! The status of a gRPC response.

use std::{sync::Arc, time::Instant};

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use futures::stream;
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use seaworthy_core::{Deadline, RequestContext};
use seaworthy_http::RpcStatus;

use crate::{OperationLog, outcome::Outcome, record::CallEnd, store::Entry};

/// Returns the status if a frame ends a response.
fn end_status<E>(frame: Option<&Result<Frame<Bytes>, E>>) -> Option<RpcStatus> {
    match frame {
        Some(Ok(frame)) => frame
            .trailers_ref()
            .map(|trailers| RpcStatus::of(trailers).unwrap_or(RpcStatus::UNKNOWN)),
        Some(Err(_)) | None => Some(RpcStatus::UNKNOWN),
    }
}

/// Reads a unary response to its end. Returns it with its status.
pub(crate) async fn read_unary(response: Response) -> (Response, RpcStatus) {
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

/// The end of a stream. If it is dropped before its status is known, it stores why.
pub(crate) struct StreamEnd {
    pub(crate) log: OperationLog,
    pub(crate) entry: Entry,
    pub(crate) context: Arc<RequestContext>,
    pub(crate) started: Instant,
    /// The deadline of the client.
    pub(crate) deadline: Option<Deadline>,
    pub(crate) is_stored: bool,
}

impl StreamEnd {
    async fn store(&mut self, status: RpcStatus) {
        if !std::mem::replace(&mut self.is_stored, true) {
            let end = CallEnd::default().with_outcome(Outcome::of_trailers(status), self.started);
            self.log.store_end(&self.entry, end, &self.context).await;
        }
    }
}

impl Drop for StreamEnd {
    fn drop(&mut self) {
        if !self.is_stored {
            let outcome = Outcome::of_dropped(self.deadline, true);
            let end = CallEnd::default().with_outcome(outcome, self.started);
            self.log.spawn_store_end(&self.entry, end);
        }
    }
}

/// Stores the status of a stream once its trailers are known, before the client gets them.
pub(crate) fn store_status(response: Response, end: StreamEnd) -> Response {
    response.map(|body| {
        let frames = stream::unfold((body, end), async |(mut body, mut end)| {
            let frame = body.frame().await;
            if let Some(status) = end_status(frame.as_ref()) {
                end.store(status).await;
            }
            frame.map(|frame| (frame, (body, end)))
        });
        Body::new(StreamBody::new(Box::pin(frames)))
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    async fn status_of(frames: Vec<Frame<Bytes>>) -> u8 {
        let frames = frames.into_iter().map(Ok::<_, std::convert::Infallible>);
        let body = Body::new(StreamBody::new(stream::iter(frames)));
        let (_response, status) = read_unary(Response::new(body)).await;
        status.number()
    }

    #[tokio::test]
    async fn failure_in_trailers_is_the_status_obs_11() {
        let trailers = |status: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-status", status.parse().unwrap());
            Frame::trailers(headers)
        };
        let data = || Frame::data("message".into());
        assert_eq!(status_of(vec![data(), trailers("9")]).await, 9);
        assert_eq!(status_of(vec![data(), trailers("0")]).await, 0);
        assert_eq!(status_of(vec![data()]).await, 2);
    }
}
