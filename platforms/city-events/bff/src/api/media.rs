//! Proxied routes of the media service, with errors in its format.

use seaworthy::{
    axum::{
        extract::{Path, Request, State},
        http::StatusCode,
        response::{IntoResponse as _, Response},
    },
    prelude::Json,
};
use serde_json::json;
use uuid::Uuid;

use super::proxy::forward_to;
use crate::{api_error::ApiError, caller::Caller, upstream::Upstreams};

pub(super) async fn request_upload(
    state: State<Upstreams>,
    caller: Caller,
    request: Request,
) -> Response {
    own(state, caller, request, "/media/v1/request-upload").await
}

/// Completes an upload.
pub(super) async fn complete(
    state: State<Upstreams>,
    caller: Caller,
    request: Request,
) -> Response {
    own(state, caller, request, "/media/v1/complete").await
}

/// Forwards a call of a user.
async fn own(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    request: Request,
    target: &str,
) -> Response {
    if caller.user.is_none() {
        return failure(StatusCode::UNAUTHORIZED, "sign in first");
    }
    let forwarded = forward_to(&upstreams.media_http, target, &caller, request).await;
    forwarded.unwrap_or_else(|error| unavailable(&error))
}

/// Returns the status of an upload.
pub(super) async fn status(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let Ok(id) = Uuid::try_parse(&id) else {
        return failure(StatusCode::BAD_REQUEST, "invalid upload id");
    };
    let target = format!("/media/v1/status/{id}");
    let forwarded = forward_to(&upstreams.media_http, &target, &caller, request).await;
    forwarded.unwrap_or_else(|error| unavailable(&error))
}

fn unavailable(error: &ApiError) -> Response {
    failure(error.status, "uploads are not available")
}

fn failure(status: StatusCode, text: &str) -> Response {
    (status, Json(json!({ "error": text }))).into_response()
}
