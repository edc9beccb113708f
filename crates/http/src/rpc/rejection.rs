use axum::body::Body;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use seaworthy_core::{Code, Error, ResponseError};

use super::status::GRPC_STATUS;

const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/grpc");
/// The bytes that `grpc-message` must escape: all but printable ASCII, and the percent sign itself.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');

/// Returns an error as the whole response to a gRPC call: its code and public message, without the
/// details of a contract.
pub(crate) fn rejection(error: Error) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, MEDIA_TYPE);
    headers.insert(GRPC_STATUS, error.code().grpc().into());
    let message = utf8_percent_encode(error.message(), ESCAPED).to_string();
    if let Ok(message) = HeaderValue::try_from(message) {
        headers.insert(GRPC_MESSAGE, message);
    }
    response.extensions_mut().insert(ResponseError::new(error));
    response
}

/// Returns the response to a call of an unknown method.
pub(crate) fn no_method() -> Error {
    Error::new(
        Code::Unimplemented,
        "METHOD_NOT_FOUND",
        "the service has no such method",
    )
}

/// Returns the HTTP response to a request that is not a gRPC call.
pub(crate) fn wrong_media_type() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    response
}
