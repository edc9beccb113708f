use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::{Body, Bytes};
use http::{HeaderMap, HeaderName, Response, header};
use http_body::Frame;

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
/// have received headers.
#[derive(Debug, Clone, Copy, Default)]
pub struct StatusInTrailers;

/// Moves the status of a response without messages to trailers. The other headers are sent in
/// both places.
pub(crate) fn with_trailers(response: Response<Body>) -> Response<Body> {
    let (mut parts, _) = response.into_parts();
    let mut trailers = parts.headers.clone();
    trailers.remove(header::CONTENT_TYPE);
    for name in STATUS_HEADERS {
        parts.headers.remove(name);
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
