//! Rejections of layers around the routes, in the error format of the listener.

use std::sync::Arc;

use axum::{body::Body, response::IntoResponse as _};
use http::Response;
use parking_lot::Mutex;
use seaworthy_core::Error;

use crate::rpc;

/// The error of a layer, which the stack takes from the response.
#[derive(Clone)]
struct Rejected(Arc<Mutex<Option<Error>>>);

/// Returns the response of a layer that rejects a request. The stack replaces it by a response in
/// the error format of its listener. Layers around it read its status, and a
/// [`ResponseError`](seaworthy_core::ResponseError) without the cause.
pub fn layer_rejection(error: Error, is_grpc: bool) -> Response<Body> {
    let (reason, message) = (error.reason().to_owned(), error.message().to_owned());
    let shown = Error::new(error.code(), reason, message);
    let mut response = match is_grpc {
        true => rpc::rejection(shown),
        false => shown.into_response(),
    };
    let rejected = Rejected(Arc::new(Mutex::new(Some(error))));
    response.extensions_mut().insert(rejected);
    response
}

/// Returns the error of a layer that rejected the request.
pub(super) fn take(response: &Response<Body>) -> Option<Error> {
    let Rejected(error) = response.extensions().get()?;
    error.lock().take()
}
