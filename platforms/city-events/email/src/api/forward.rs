//! Requests of the pages, forwarded to the auth service.

use city_events_contract::{LimitError, json_object};
use seaworthy::{
    axum::{
        body::Bytes,
        http::{HeaderValue, StatusCode, header},
        response::{IntoResponse as _, Response},
    },
    prelude::*,
};
use serde_json::json;

use super::limits::Limits;
use crate::auth_client::{AuthClient, LinkRequest};

#[derive(Deserialize)]
struct RequestBody {
    #[serde(default)]
    token: String,
    #[serde(default)]
    new_password: Option<Secret<String>>,
}

/// The kind of a request about a link.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    VerifyEmail,
    ValidateReset,
    ConfirmReset,
}

/// Parses a request, counts it and forwards it.
pub(super) async fn forward(
    auth: &AuthClient,
    limits: &Limits,
    kind: Kind,
    body: &Bytes,
) -> Response {
    let Ok(RequestBody {
        token,
        new_password,
    }) = json_object(body)
    else {
        return (StatusCode::BAD_REQUEST, "the body is not a JSON object").into_response();
    };
    if token.is_empty() {
        return (StatusCode::BAD_REQUEST, "token is required").into_response();
    }
    if let Err(reason) = limits.admit(&token).await {
        let (status, text) = match reason {
            LimitError::Exceeded(..) => (StatusCode::TOO_MANY_REQUESTS, "Too Many Requests"),
            LimitError::Degraded(_) => (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        };
        let seconds = Error::from(reason).retry_after_seconds().unwrap_or(1);
        let seconds = HeaderValue::from(seconds);
        return (status, [(header::RETRY_AFTER, seconds)], text).into_response();
    }
    let request = match (kind, new_password) {
        (Kind::VerifyEmail, _) => LinkRequest::VerifyEmail(json!({ "token": token })),
        (Kind::ValidateReset, _) => LinkRequest::ValidateReset(token),
        (Kind::ConfirmReset, Some(password)) if !password.expose().is_empty() => {
            LinkRequest::ConfirmReset(json!({ "token": token, "new_password": password.expose() }))
        }
        (Kind::ConfirmReset, _) => {
            return (StatusCode::BAD_REQUEST, "new_password is required").into_response();
        }
    };
    auth.forward(request).await
}
