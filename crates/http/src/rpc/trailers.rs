use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::{Body, Bytes};
use http::{HeaderMap, HeaderName, Response, header};
use http_body::Frame;

use crate::request_id::X_REQUEST_ID;

/// The headers that belong to the status of a call.
const STATUS_HEADERS: [HeaderName; 3] = [
    HeaderName::from_static("grpc-status"),
    HeaderName::from_static("grpc-message"),
    HeaderName::from_static("grpc-status-details-bin"),
];

/// Marks a response to a gRPC call, as an extension of the response. If it is an error without
/// messages, the stack sends headers and then the status in trailers.
///
/// By default such an error is one block of headers ("Trailers-Only"). Clients then see its
/// metadata, such as `x-request-id`, among the trailers. Clients do not retry a call after they
/// have received headers. Of the metadata, the trailers repeat only `x-request-id`.
#[derive(Debug, Clone, Copy, Default)]
pub struct StatusInTrailers;

/// Moves the status of a response without messages to trailers. Other fields are not allowed in
/// trailers (RFC 9110, section 6.5.1), and nghttp2 resets a stream with `content-length` in them.
pub(crate) fn with_trailers(response: Response<Body>) -> Response<Body> {
    let (mut parts, _) = response.into_parts();
    let headers = &mut parts.headers;
    headers.remove(header::CONTENT_LENGTH);
    let mut trailers = HeaderMap::new();
    // Some clients read only the trailers of an error.
    if let Some(id) = headers.get(&X_REQUEST_ID) {
        trailers.insert(X_REQUEST_ID, id.clone());
    }
    for name in STATUS_HEADERS {
        if let Some(value) = headers.remove(&name) {
            trailers.insert(name, value);
        }
    }
    Response::from_parts(parts, Body::new(Trailers(Some(trailers))))
}

/// A body that consists of trailers.
struct Trailers(Option<HeaderMap>);

impl http_body::Body for Trailers {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|trailers| Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }
}
