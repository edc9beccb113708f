//! Handlers of public routes and of routes of logged-in users.

use std::sync::Arc;

use city_events_contract::Data;
use seaworthy::{
    account::{DeviceClaim, SecretToken},
    auth::token::VerifiedToken,
    axum::{
        Extension,
        extract::State,
        http::{HeaderMap, StatusCode, header::SET_COOKIE},
        response::{IntoResponse as _, Response},
    },
    prelude::*,
};
use serde_json::{Value, json};

use super::{
    body::Body,
    errors::ApiError,
    limits::Scope,
    routes::Api,
    views::{LoggedInView, StatusView, UserView},
};
use crate::{accounts::LoggedIn, domain::UserId};

type HandlerResult = Result<Response, ApiError>;
pub(super) type Token = Extension<Arc<VerifiedToken>>;

/// The header with the secret of other services.
const INTERNAL_SECRET: &str = "x-internal-secret";

#[derive(Deserialize)]
pub(super) struct Credentials {
    email: Option<String>,
    password: Option<Secret<String>>,
    name: Option<Value>,
    /// The code of the second factor, for logins.
    totp_code: Option<Secret<String>>,
}

#[derive(Deserialize)]
pub(super) struct EmailRequest {
    email: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct TokenRequest {
    token: Option<Secret<String>>,
    new_password: Option<Secret<String>>,
}

#[derive(Deserialize)]
pub(super) struct PasswordChangeRequest {
    old_password: Option<Secret<String>>,
    new_password: Option<Secret<String>>,
}

#[derive(Deserialize)]
pub(super) struct AvatarRequest {
    avatar_url: Option<String>,
}

impl Api {
    fn refresh_token(&self, headers: &HeaderMap) -> Option<SecretToken> {
        self.refresh_tokens(headers).next()
    }

    /// Returns the tokens of all refresh cookies.
    fn refresh_tokens(&self, headers: &HeaderMap) -> impl Iterator<Item = SecretToken> {
        self.readable
            .iter()
            .filter_map(|cookie| cookie.read(headers))
    }

    /// Returns the claim of a device cookie. [`Accounts::begin_attempt`] checks its user.
    pub(super) fn device(&self, headers: &HeaderMap) -> Option<DeviceClaim> {
        self.devices.read(headers)
    }

    /// Marks the device of a request as known to a user, until the user's tokens are revoked.
    pub(super) fn remember_device(
        &self,
        response: &mut Response,
        user: UserId,
        version: u64,
    ) -> Result<(), Error> {
        let cookie = self.devices.set(&user.to_string(), version)?;
        response.headers_mut().append(SET_COOKIE, cookie);
        Ok(())
    }

    /// Adds the cookies of a user who has logged in with a password.
    pub(super) fn logged_in_on_device(
        &self,
        logged_in: &LoggedIn,
        response: Response,
    ) -> HandlerResult {
        let mut response = self.logged_in(logged_in, response)?;
        self.remember_device(&mut response, logged_in.user.id, logged_in.access.version)?;
        Ok(response)
    }

    /// Adds the cookie with the refresh token.
    fn logged_in(&self, logged_in: &LoggedIn, mut response: Response) -> HandlerResult {
        let age = self.accounts.sessions.idle_timeout();
        let cookie = self.cookie.set(&logged_in.refresh, age)?;
        response.headers_mut().insert(SET_COOKIE, cookie);
        Ok(response)
    }

    /// Returns the user and the access token.
    fn session(&self, logged_in: &LoggedIn) -> Response {
        data(LoggedInView::of(logged_in, self.cdn()))
    }

    /// Deletes the cookies with refresh tokens.
    fn logged_out(&self) -> HandlerResult {
        let mut response = StatusCode::NO_CONTENT.into_response();
        for cookie in &self.cleared {
            response.headers_mut().append(SET_COOKIE, cookie.clear()?);
        }
        Ok(response)
    }
}

pub(super) fn data<T: Serialize>(data: T) -> Response {
    Json(Data { data }).into_response()
}

pub(super) async fn register(
    State(api): State<Arc<Api>>,
    Body(body): Body<Credentials>,
) -> HandlerResult {
    api.limits.admit(Scope::Register).await?;
    let name = body.name.as_ref().and_then(Value::as_str);
    let registered = api
        .accounts
        .register(body.email.as_deref(), body.password, name)
        .await?;
    let response = (StatusCode::CREATED, api.session(&registered)).into_response();
    api.logged_in_on_device(&registered, response)
}

pub(super) async fn log_in(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    Body(body): Body<Credentials>,
) -> HandlerResult {
    api.limits.admit(Scope::Login).await?;
    let email = body.email.as_deref();
    let device = api.device(&headers);
    let code = body.totp_code;
    let logged_in = api
        .accounts
        .log_in(email, body.password, code, device)
        .await?;
    api.logged_in_on_device(&logged_in, api.session(&logged_in))
}

pub(super) async fn refresh(State(api): State<Arc<Api>>, headers: HeaderMap) -> HandlerResult {
    let token = api.refresh_token(&headers);
    // Users with the same IP address have separate limits.
    let holder = match &token {
        Some(token) => api.accounts.sessions.user(token).await?,
        None => None,
    };
    let user = holder.map(context::Actor::new);
    api.limits.admit_user(Scope::Refresh, user).await?;
    let refreshed = api.accounts.refresh(token).await?;
    api.logged_in(&refreshed, api.session(&refreshed))
}

pub(super) async fn log_out(State(api): State<Arc<Api>>, headers: HeaderMap) -> HandlerResult {
    api.limits.admit(Scope::Logout).await?;
    for token in api.refresh_tokens(&headers) {
        api.accounts.log_out(token).await?;
    }
    api.logged_out()
}

pub(super) async fn me(State(api): State<Arc<Api>>, Extension(token): Token) -> HandlerResult {
    let caller = api.accounts.caller(&token).await?;
    Ok(data(
        json!({ "user": UserView::of(&caller.user, api.cdn()) }),
    ))
}

pub(super) async fn own_status(
    State(api): State<Arc<Api>>,
    Extension(token): Token,
) -> HandlerResult {
    let caller = api.accounts.caller(&token).await?;
    Ok(data(StatusView::from(&caller.user)))
}

pub(super) async fn set_avatar(
    State(api): State<Arc<Api>>,
    Extension(token): Token,
    Body(body): Body<AvatarRequest>,
) -> HandlerResult {
    let caller = api.accounts.caller(&token).await?;
    let avatar = api
        .accounts
        .set_avatar(&caller, body.avatar_url.as_deref())
        .await?;
    let url = avatar
        .map(|avatar| avatar.url(api.cdn()))
        .unwrap_or_default();
    Ok(data(json!({ "avatar_url": url })))
}

pub(super) async fn request_verification(
    State(api): State<Arc<Api>>,
    Body(body): Body<EmailRequest>,
) -> HandlerResult {
    api.limits.admit(Scope::VerifyEmail).await?;
    api.accounts
        .request_verification(body.email.as_deref())
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn verify_email(
    State(api): State<Arc<Api>>,
    Body(body): Body<TokenRequest>,
) -> HandlerResult {
    api.accounts.verify_email(body.token).await?;
    Ok(data(json!({ "status": "verified" })))
}

pub(super) async fn request_password_reset(
    State(api): State<Arc<Api>>,
    Body(body): Body<EmailRequest>,
) -> HandlerResult {
    api.limits.admit(Scope::PasswordReset).await?;
    api.accounts
        .request_password_reset(body.email.as_deref())
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn validate_password_reset(
    State(api): State<Arc<Api>>,
    Query(query): Query<TokenRequest>,
) -> HandlerResult {
    api.accounts.validate_password_reset(query.token).await?;
    Ok(data(json!({ "valid": true })))
}

pub(super) async fn reset_password(
    State(api): State<Arc<Api>>,
    Body(body): Body<TokenRequest>,
) -> HandlerResult {
    let (user, version) = api
        .accounts
        .reset_password(body.token, body.new_password)
        .await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    // The link proves the owner's address, so an attacker who keeps the account locked does not
    // lock out its owner.
    api.remember_device(&mut response, user, version)?;
    Ok(response)
}

pub(super) async fn change_password(
    State(api): State<Arc<Api>>,
    Extension(token): Token,
    headers: HeaderMap,
    Body(body): Body<PasswordChangeRequest>,
) -> HandlerResult {
    api.limits.admit(Scope::PasswordChange).await?;
    let caller = api.accounts.caller(&token).await?;
    let (old, new) = (body.old_password, body.new_password);
    let device = api.device(&headers);
    let version = api
        .accounts
        .change_password(&caller, old, new, device)
        .await?;
    let mut response = api.logged_out()?;
    api.remember_device(&mut response, caller.user.id, version)?;
    Ok(response)
}

pub(super) async fn revoke_sessions(
    State(api): State<Arc<Api>>,
    Extension(token): Token,
) -> HandlerResult {
    api.limits.admit(Scope::SessionsRevoke).await?;
    let caller = api.accounts.caller(&token).await?;
    api.accounts.revoke_sessions(&caller).await?;
    api.logged_out()
}

/// Returns a user to another service, which sends the shared secret.
pub(super) async fn internal_user(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> HandlerResult {
    let sent = headers.get(INTERNAL_SECRET).map(|sent| sent.as_bytes());
    let secret = api.internal_secret.as_ref().map(Secret::current);
    let is_authorized = match (secret, sent) {
        (Some(secret), Some(sent)) if !secret.expose().is_empty() => {
            is_equal(secret.expose().as_bytes(), sent)
        }
        _ => false,
    };
    if !is_authorized {
        return Ok((StatusCode::UNAUTHORIZED, "unauthorized").into_response());
    }
    let user = api.accounts.user(UserId::parse(&id)?).await?;
    Ok(data(UserView::without_avatar(&user)))
}

/// Compares in constant time for texts of the same length.
fn is_equal(secret: &[u8], sent: &[u8]) -> bool {
    let differing = secret.iter().zip(sent).fold(0, |all, (a, b)| all | (a ^ b));
    secret.len() == sent.len() && std::hint::black_box(differing) == 0
}
