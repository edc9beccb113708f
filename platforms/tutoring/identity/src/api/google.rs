//! Handlers of logins by Google.

use seaworthy::prelude::*;
use tutoring_contract::{HandlerResult, Json};

use super::{
    bodies::GoogleBody,
    handlers::{Client, text, user_of},
};
use crate::{Checks, errors};

fn required(checks: &mut Checks, field: &str, given: Option<Secret<String>>) -> Secret<String> {
    let given = text(given);
    if given.expose().is_empty() {
        checks.reject(field, "is required");
    }
    given
}

pub(super) async fn log_in(client: Client, Json(body): Json<GoogleBody>) -> HandlerResult {
    let mut checks = Checks::new();
    let token = required(&mut checks, "idToken", body.id_token);
    checks.finish()?;
    let known = client.parts.google()?.verify_id_token(&token).await;
    let known = known.map_err(errors::of_google)?;
    let session = client.parts.log_in_by_google(&known).await?;
    client.logged_in("logged in", &session, user_of(&session)?)
}

pub(super) async fn log_in_by_code(client: Client, Json(body): Json<GoogleBody>) -> HandlerResult {
    let mut checks = Checks::new();
    let code = required(&mut checks, "code", body.code);
    let verifier = required(&mut checks, "codeVerifier", body.code_verifier);
    let redirect_uri = body.redirect_uri.unwrap_or_default();
    if redirect_uri.is_empty() {
        checks.reject("redirectUri", "is required");
    }
    checks.finish()?;
    let google = client.parts.google()?;
    let known = google
        .exchange_code(&code, &redirect_uri, verifier.expose())
        .await
        .map_err(errors::of_google)?;
    let session = client.parts.log_in_by_google(&known).await?;
    client.logged_in("logged in", &session, user_of(&session)?)
}
