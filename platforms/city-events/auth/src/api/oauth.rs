//! Logins by way of a provider: where a browser is sent, and what the window says that comes back.

use std::{sync::Arc, time::Duration};

use city_events_contract::Data;
use seaworthy::{
    auth::oidc::OpenIdError,
    axum::{
        extract::{RawQuery, State},
        http::{
            HeaderMap, HeaderValue, StatusCode,
            header::{CACHE_CONTROL, LOCATION, RETRY_AFTER, SET_COOKIE},
        },
        response::{IntoResponse as _, Response},
    },
    prelude::*,
};
use serde_json::json;

use super::{
    errors::answer,
    limits::Scope,
    oauth_page::{Outcome, page},
    routes::Api,
};
use crate::accounts::LoggedIn;

/// What clients know the cookie of this route to live for, whatever other routes give it; the first refresh puts it right.
const COOKIE_AGE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// For whatever is wrong with where a login came from: nobody learns what exactly.
const UNKNOWN_STATE: &str = "invalid or expired oauth state";

#[derive(Deserialize)]
pub(super) struct Wanted {
    redirect_to: Option<String>,
}

/// The providers that a login may offer.
pub(super) async fn providers(State(api): State<Arc<Api>>) -> Response {
    let data = json!({ "providers": api.providers.names() });
    Json(Data { data }).into_response()
}

/// Sends the browser to the provider.
pub(super) async fn start(
    State(api): State<Arc<Api>>,
    Path(provider): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Response {
    if let Err(refused) = api.limits.admit(Scope::OauthStart).await {
        return answer(refused);
    }
    let login = match api.providers.named(&provider) {
        Ok(login) => login,
        Err(none) => return (StatusCode::BAD_REQUEST, none.code()).into_response(),
    };
    let destination = api.providers.destination(wanted.redirect_to.as_deref());
    match login.begin(destination).await {
        Ok(begun) => {
            let headers = [
                (LOCATION, begun.location),
                (SET_COOKIE, begun.cookie),
                (CACHE_CONTROL, HeaderValue::from_static("no-store")),
            ];
            (StatusCode::FOUND, headers).into_response()
        }
        Err(error) => {
            let error = Error::from(error);
            let said = (status(&error), error.message().to_owned());
            noted(said.into_response(), error)
        }
    }
}

/// Where the provider leads back to: a page that tells the web application who is logged in, or why nobody is.
pub(super) async fn callback(
    State(api): State<Arc<Api>>,
    Path(provider): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let ended = end(&api, &provider, query.as_deref(), &headers).await;
    ended.unwrap_or_else(|error| {
        let outcome = Outcome::refused(error.message());
        let response = page(status(&error), &outcome, &api.providers.frontend);
        noted(response, error)
    })
}

async fn end(
    api: &Api,
    provider: &str,
    query: Option<&str>,
    headers: &HeaderMap,
) -> Result<Response, Error> {
    // The provider is asked for each.
    api.limits.admit(Scope::OauthCallback).await?;
    // No state was ever given out for one that is not there.
    let login = api.providers.named(provider).map_err(|_| unknown_state())?;
    let finished = login.finish(headers, query).await.map_err(refusal)?;
    let identity = &finished.identity;
    let logged_in = api
        .accounts
        .log_in_by(super::providers::GOOGLE, identity)
        .await?;
    let LoggedIn { user, refresh, .. } = &logged_in;
    let outcome = Outcome::logged_in(user, &logged_in.access, &finished.return_to);
    let mut response = page(StatusCode::OK, &outcome, &api.providers.frontend);
    let cookies = [api.cookie.set(refresh, COOKIE_AGE)?, finished.cookie];
    for cookie in cookies {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    api.remember_device(&mut response, user.id, logged_in.access.version)?;
    Ok(response)
}

fn unknown_state() -> Error {
    Error::new(Code::Invalid, "OPENID_STATE", UNKNOWN_STATE)
}

fn refusal(error: OpenIdError) -> Error {
    match error {
        OpenIdError::State | OpenIdError::Used => unknown_state().with_cause(error),
        error => error.into(),
    }
}

/// Whatever the caller did wrong is 400 here; what somebody else did, and what is good later, is told apart.
fn status(error: &Error) -> StatusCode {
    if error.code().is_server_fault() || error.code() == Code::Exhausted {
        let status = StatusCode::from_u16(error.code().http_status());
        return status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    }
    StatusCode::BAD_REQUEST
}

/// The reason and the cause go to the log by way of the extensions.
fn noted(mut response: Response, error: Error) -> Response {
    let told = error.into_response();
    if let Some(wait) = told.headers().get(RETRY_AFTER) {
        response.headers_mut().insert(RETRY_AFTER, wait.clone());
    }
    response.extensions_mut().extend(told.extensions().clone());
    response
}
