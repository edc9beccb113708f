//! Handlers of logins by an OpenID provider.

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
    errors::error_response,
    limits::Scope,
    oauth_page::{Outcome, result_page},
    routes::Api,
};
use crate::accounts::LoggedIn;

/// The lifetime of the refresh cookie that the contract fixes for this route. The first refresh
/// sets the lifetime of the settings.
const COOKIE_AGE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The message for every invalid state. It does not reveal the reason.
const UNKNOWN_STATE: &str = "invalid or expired oauth state";

#[derive(Deserialize)]
pub(super) struct StartQuery {
    redirect_to: Option<String>,
}

/// Lists the configured providers.
pub(super) async fn providers(State(api): State<Arc<Api>>) -> Response {
    let data = json!({ "providers": api.providers.names() });
    Json(Data { data }).into_response()
}

/// Redirects the browser to the provider.
pub(super) async fn start(
    State(api): State<Arc<Api>>,
    Path(provider): Path<String>,
    Query(query): Query<StartQuery>,
) -> Response {
    if let Err(refused) = api.limits.admit(Scope::OauthStart).await {
        return error_response(refused);
    }
    let login = match api.providers.get(&provider) {
        Ok(login) => login,
        Err(error) => return (StatusCode::BAD_REQUEST, error.code()).into_response(),
    };
    let destination = api.providers.destination(query.redirect_to.as_deref());
    match login.begin(destination).await {
        Ok(redirect) => {
            let headers = [
                (LOCATION, redirect.location),
                (SET_COOKIE, redirect.cookie),
                (CACHE_CONTROL, HeaderValue::from_static("no-store")),
            ];
            (StatusCode::FOUND, headers).into_response()
        }
        Err(error) => {
            let error = Error::from(error);
            let response = (status(&error), error.message().to_owned());
            with_error_details(response.into_response(), error)
        }
    }
}

/// Finishes a login after the redirect from the provider. The response is a page that sends the
/// result to the web application.
pub(super) async fn callback(
    State(api): State<Arc<Api>>,
    Path(provider): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let finished = finish(&api, &provider, query.as_deref(), &headers).await;
    finished.unwrap_or_else(|error| {
        let outcome = Outcome::error(error.message());
        let response = result_page(status(&error), &outcome, &api.providers.frontend);
        with_error_details(response, error)
    })
}

async fn finish(
    api: &Api,
    provider: &str,
    query: Option<&str>,
    headers: &HeaderMap,
) -> Result<Response, Error> {
    // Each callback sends a request to the provider.
    api.limits.admit(Scope::OauthCallback).await?;
    // No login begins with an unknown provider, so its state is invalid.
    let login = api.providers.get(provider).map_err(|_| unknown_state())?;
    let finished = login.finish(headers, query).await.map_err(map_error)?;
    let identity = &finished.identity;
    let logged_in = api
        .accounts
        .log_in_by(super::providers::GOOGLE, identity)
        .await?;
    let LoggedIn { user, refresh, .. } = &logged_in;
    let outcome = Outcome::logged_in(user, &logged_in.access, &finished.return_to);
    let mut response = result_page(StatusCode::OK, &outcome, &api.providers.frontend);
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

fn map_error(error: OpenIdError) -> Error {
    match error {
        OpenIdError::State | OpenIdError::Used => unknown_state().with_cause(error),
        error => error.into(),
    }
}

/// Returns 400 for all client errors except 429, as the contract requires.
fn status(error: &Error) -> StatusCode {
    if error.code().is_server_fault() || error.code() == Code::Exhausted {
        let status = StatusCode::from_u16(error.code().http_status());
        return status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    }
    StatusCode::BAD_REQUEST
}

/// Adds the extensions of an error, with its reason and cause for the log, and its `Retry-After`.
fn with_error_details(mut response: Response, error: Error) -> Response {
    let details = error.into_response();
    if let Some(wait) = details.headers().get(RETRY_AFTER) {
        response.headers_mut().insert(RETRY_AFTER, wait.clone());
    }
    response
        .extensions_mut()
        .extend(details.extensions().clone());
    response
}
