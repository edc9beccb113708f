use axum::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode, utf8_percent_encode};
use seaworthy_core::{Code, Error, ResponseError};

use super::status::GRPC_STATUS;

const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const GRPC_DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
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

/// Replaces the message of a status and returns it. Removes the details, which repeat the message.
/// Does nothing if the status has neither.
pub(crate) fn replace_message(headers: &mut HeaderMap, message: &'static str) -> Option<Vec<u8>> {
    let details = headers.remove(GRPC_DETAILS);
    if details.is_none() && !headers.contains_key(GRPC_MESSAGE) {
        return None;
    }
    let replaced = headers.insert(GRPC_MESSAGE, HeaderValue::from_static(message));
    let replaced = replaced.map(|text| percent_decode(text.as_bytes()).collect());
    Some(replaced.unwrap_or_default())
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
