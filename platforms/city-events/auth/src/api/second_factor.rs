//! Routes of second factors.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use fast_qr::{QRBuilder, convert::svg::SvgBuilder};
use seaworthy::{
    axum::{
        Extension,
        extract::State,
        http::{HeaderMap, HeaderValue, StatusCode, header::CACHE_CONTROL},
        response::{IntoResponse as _, Response},
    },
    prelude::*,
};
use serde_json::json;

use super::{
    body::Body,
    errors::ApiError,
    handlers::{Token, data},
    limits::Scope,
    routes::Api,
    views::LoggedInView,
};

type HandlerResult = Result<Response, ApiError>;

#[derive(Deserialize)]
pub(super) struct FactorRequest {
    password: Option<Secret<String>>,
    totp_code: Option<Secret<String>>,
}

/// Returns whether the service has second factors, and whether the caller has one.
pub(super) async fn status(State(api): State<Arc<Api>>, Extension(token): Token) -> HandlerResult {
    let caller = api.accounts.caller(&token).await?;
    let enabled = api.accounts.has_totp(&caller).await?;
    let (available, enabled) = (enabled.is_some(), enabled.unwrap_or_default());
    Ok(data(json!({ "available": available, "enabled": enabled })))
}

/// Returns the key for the authenticator application, also as a QR code.
pub(super) async fn enroll(
    State(api): State<Arc<Api>>,
    Extension(token): Token,
    headers: HeaderMap,
    Body(body): Body<FactorRequest>,
) -> HandlerResult {
    api.limits.admit(Scope::PasswordChange).await?;
    let caller = api.accounts.caller(&token).await?;
    let device = api.device(&headers);
    let enrollment = api
        .accounts
        .begin_totp(&caller, body.password, device)
        .await?;
    let uri = enrollment.uri.expose();
    Ok(secret(json!({
        "secret": enrollment.secret.expose(),
        "uri": uri,
        "qr_code": qr_code(uri)?,
    })))
}

/// Enables the second factor, and returns the recovery codes and a new session.
pub(super) async fn confirm(
    State(api): State<Arc<Api>>,
    Extension(token): Token,
    Body(body): Body<FactorRequest>,
) -> HandlerResult {
    api.limits.admit(Scope::PasswordChange).await?;
    let caller = api.accounts.caller(&token).await?;
    let (codes, session) = api.accounts.confirm_totp(&caller, body.totp_code).await?;
    let view = LoggedInView::of(&session, api.cdn()).with_recovery_codes(codes);
    let mut response = api.logged_in_on_device(&session, data(view))?;
    forbid_storing(&mut response);
    Ok(response)
}

/// Removes the second factor.
pub(super) async fn disable(
    State(api): State<Arc<Api>>,
    Extension(token): Token,
    headers: HeaderMap,
    Body(body): Body<FactorRequest>,
) -> HandlerResult {
    api.limits.admit(Scope::PasswordChange).await?;
    let caller = api.accounts.caller(&token).await?;
    let device = api.device(&headers);
    api.accounts
        .disable_totp(&caller, body.password, body.totp_code, device)
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Returns a response that no cache stores.
fn secret(content: serde_json::Value) -> Response {
    let mut response = data(content);
    forbid_storing(&mut response);
    response
}

fn forbid_storing(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// Returns a QR code as the URL of a picture.
fn qr_code(text: &str) -> Result<String, Error> {
    let code = QRBuilder::new(text).build().map_err(|error| {
        Error::new(Code::Internal, "INTERNAL", "the service failed to respond").with_cause(error)
    })?;
    let picture = SvgBuilder::default().to_str(&code);
    Ok(format!(
        "data:image/svg+xml;base64,{}",
        STANDARD.encode(picture)
    ))
}
