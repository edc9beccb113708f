//! Logins by way of a provider. None is set up in this version: the answers are those that the contract has for that.

use seaworthy::{
    axum::{
        http::StatusCode,
        response::{Html, IntoResponse as _, Response},
    },
    prelude::*,
};

/// The provider that the contract has a login for.
const KNOWN: &str = "google";
/// No state was ever given out, so each is one that nobody knows.
const CALLED_BACK: &str = "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>Login failed</title><p>invalid or expired oauth state</p></html>";

pub(super) async fn start(Path(provider): Path<String>) -> Response {
    let code = if provider == KNOWN {
        "oauth_not_configured"
    } else {
        "unsupported_provider"
    };
    (StatusCode::BAD_REQUEST, code).into_response()
}

pub(super) async fn callback() -> Response {
    (StatusCode::BAD_REQUEST, Html(CALLED_BACK)).into_response()
}
