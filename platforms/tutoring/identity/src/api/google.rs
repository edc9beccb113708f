//! Handlers of logins by Google.

use seaworthy::{
    axum::{extract::State, http::HeaderMap},
    prelude::*,
};

use super::{
    bodies::{Body, GoogleBody},
    handlers::{ApiResult, Shared, logged_in, text, user_of},
};
use crate::Checks;

fn required(checks: &mut Checks, field: &str, given: Option<Secret<String>>) -> Secret<String> {
    let given = text(given);
    if given.expose().is_empty() {
        checks.reject(field, "is required");
    }
    given
}

pub(super) async fn log_in(
    State(identity): Shared,
    headers: HeaderMap,
    Body(body): Body<GoogleBody>,
) -> ApiResult {
    let mut checks = Checks::new();
    let token = required(&mut checks, "idToken", body.id_token);
    checks.finish()?;
    let known = identity.0.google()?.verify_id_token(&token).await?;
    let session = identity.0.log_in_by_google(&known).await?;
    logged_in(
        &identity,
        &headers,
        "logged in",
        &session,
        user_of(&session)?,
    )
}

pub(super) async fn log_in_by_code(
    State(identity): Shared,
    headers: HeaderMap,
    Body(body): Body<GoogleBody>,
) -> ApiResult {
    let mut checks = Checks::new();
    let code = required(&mut checks, "code", body.code);
    let verifier = required(&mut checks, "codeVerifier", body.code_verifier);
    let redirect_uri = body.redirect_uri.unwrap_or_default();
    if redirect_uri.is_empty() {
        checks.reject("redirectUri", "is required");
    }
    checks.finish()?;
    let google = identity.0.google()?;
    let known = google
        .exchange_code(&code, &redirect_uri, verifier.expose())
        .await?;
    let session = identity.0.log_in_by_google(&known).await?;
    logged_in(
        &identity,
        &headers,
        "logged in",
        &session,
        user_of(&session)?,
    )
}
