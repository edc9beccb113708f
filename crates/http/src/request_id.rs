//! The request's identifier (OBS-7).

use http::{HeaderMap, HeaderName, HeaderValue};
use seaworthy_core::RequestId;

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The client's own identifier when there is exactly one and it is valid, else a new one.
pub(crate) fn of(headers: &HeaderMap) -> RequestId {
    let mut given = headers.get_all(X_REQUEST_ID).iter();
    match (given.next(), given.next()) {
        (Some(only), None) => {
            RequestId::parse(only.as_bytes()).unwrap_or_else(|_| RequestId::generate())
        }
        _ => RequestId::generate(),
    }
}

pub(crate) fn apply(id: &RequestId, headers: &mut HeaderMap) {
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        headers.insert(X_REQUEST_ID, value);
    }
}
