use std::sync::Arc;

use seaworthy::{
    account::SecretToken,
    auth::token::VerifiedToken,
    axum::{
        Extension,
        body::Bytes,
        extract::State,
        http::{HeaderMap, StatusCode},
        response::{IntoResponse as _, Response},
    },
    prelude::*,
};
use serde_json::{Map, Value, json};
use tutoring_contract::{ApiError, Reply};

use super::bodies::{
    Body, EmailBody, EmailCodeBody, LoginBody, PasswordBody, PhoneBody, ProfileBody, refresh_token,
};
use crate::{
    AccountView, CallerSession, Checks, Identity, RefreshCookies, caller,
    codes::Purpose,
    errors, is_mobile,
    operations::{LoggedIn, Registered, Registration},
};

pub(super) type ApiResult = Result<Response, ApiError>;
pub(super) type Shared = State<Identity>;
type Token = Extension<Arc<VerifiedToken>>;

pub(super) fn text(given: Option<Secret<String>>) -> Secret<String> {
    given.unwrap_or_else(|| Secret::new(String::new()))
}

/// Returns the tokens, with the refresh token in the body or in a cookie.
pub(super) fn logged_in(
    identity: &Identity,
    headers: &HeaderMap,
    message: &'static str,
    session: &LoggedIn,
    mut data: Map<String, Value>,
) -> ApiResult {
    let parts = &identity.0;
    let mut tokens = json!({
        "accessToken": session.access.expose(),
        "expiresIn": parts.tokens.expires_in(),
    });
    let is_mobile = is_mobile(headers);
    if let (true, Some(tokens)) = (is_mobile, tokens.as_object_mut()) {
        tokens.insert("refreshToken".to_owned(), session.refresh.expose().into());
    }
    data.insert("tokens".to_owned(), tokens);
    let mut response = Reply::new(message, data).into_response();
    if !is_mobile {
        let ttl = parts.sessions.idle_timeout();
        let cookies = parts
            .cookies
            .issue(&session.refresh, &session.session, ttl)?;
        RefreshCookies::apply(cookies, response.headers_mut());
    }
    Ok(response)
}

pub(super) fn user_of(session: &LoggedIn) -> Result<Map<String, Value>, Error> {
    let user = serde_json::to_value(AccountView::from(&session.account));
    Ok(Map::from_iter([(
        "user".to_owned(),
        user.map_err(Error::internal)?,
    )]))
}

/// Removes the cookies of a browser.
fn logged_out(identity: &Identity, message: &'static str) -> ApiResult {
    let mut response = Reply::message(message).into_response();
    RefreshCookies::apply(identity.0.cookies.clear()?, response.headers_mut());
    Ok(response)
}

/// Returns the refresh token of a request: that of the body, or that of the cookie.
fn presented(
    identity: &Identity,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Option<SecretToken>, Error> {
    let given = refresh_token(body)?;
    Ok(given.or_else(|| identity.0.cookies.read(headers)))
}

pub(super) async fn register(State(identity): Shared, Body(body): Body<Registration>) -> ApiResult {
    let registered = identity.0.register(body).await?;
    let (status, text, message) = match registered {
        Registered::Created(_) => (StatusCode::CREATED, "created", "the code was sent"),
        Registered::CodeResent(_) => (StatusCode::OK, "otp_resent", "a new code was sent"),
    };
    let member = identity.0.kind.id_member();
    let data = json!({ member: registered.id(), "status": text });
    Ok((status, Reply::new(message, data)).into_response())
}

pub(super) async fn resend_code(State(identity): Shared, Body(body): Body<EmailBody>) -> ApiResult {
    send_code(&identity, &body, Purpose::EmailVerify).await
}

pub(super) async fn forgot_password(
    State(identity): Shared,
    Body(body): Body<EmailBody>,
) -> ApiResult {
    send_code(&identity, &body, Purpose::PasswordReset).await
}

async fn send_code(identity: &Identity, body: &EmailBody, purpose: Purpose) -> ApiResult {
    let mut checks = Checks::new();
    let email = checks.email("email", body.email.as_deref());
    checks.finish()?;
    identity.0.limits.code_request().await?;
    identity.0.send_later(email, purpose);
    Ok(Reply::message("if the account exists, a code was sent").into_response())
}

pub(super) async fn verify_email(
    State(identity): Shared,
    headers: HeaderMap,
    Body(body): Body<EmailCodeBody>,
) -> ApiResult {
    let mut checks = Checks::new();
    let email = checks.email("email", body.email.as_deref());
    let code = checks.code("otp", body.otp.as_deref());
    checks.finish()?;
    let session = identity.0.verify_email(&email, &code).await?;
    let data = user_of(&session)?;
    logged_in(
        &identity,
        &headers,
        "the e-mail address is verified",
        &session,
        data,
    )
}

pub(super) async fn log_in(
    State(identity): Shared,
    headers: HeaderMap,
    Body(body): Body<LoginBody>,
) -> ApiResult {
    let (email, username) = (body.email.as_deref(), body.username.as_deref());
    let session = identity
        .0
        .log_in(email, username, text(body.password))
        .await?;
    let data = user_of(&session)?;
    logged_in(&identity, &headers, "logged in", &session, data)
}

pub(super) async fn request_phone_code(
    State(identity): Shared,
    Body(body): Body<PhoneBody>,
) -> ApiResult {
    send_phone_code(&identity, &body, false).await
}

pub(super) async fn retry_phone_code(
    State(identity): Shared,
    Body(body): Body<PhoneBody>,
) -> ApiResult {
    let by_voice = match body.retry_type.as_deref() {
        None | Some("text") => false,
        Some("voice") => true,
        Some(_) => {
            let mut checks = Checks::new();
            checks.reject("retryType", "must be text or voice");
            checks.finish()?;
            false
        }
    };
    send_phone_code(&identity, &body, by_voice).await
}

fn phone_of(checks: &mut Checks, body: &PhoneBody) -> String {
    let phone = checks.phone("phone", body.phone.as_deref());
    if phone.is_none() {
        checks.reject("phone", "is required");
    }
    phone.unwrap_or_default()
}

async fn send_phone_code(identity: &Identity, body: &PhoneBody, by_voice: bool) -> ApiResult {
    let mut checks = Checks::new();
    let phone = phone_of(&mut checks, body);
    checks.finish()?;
    let seconds = identity.0.request_phone_code(&phone, by_voice).await?;
    let data = json!({ "expiresIn": seconds });
    Ok(Reply::new("the code was sent", data).into_response())
}

pub(super) async fn verify_phone(
    State(identity): Shared,
    token: Option<Token>,
    headers: HeaderMap,
    Body(body): Body<PhoneBody>,
) -> ApiResult {
    let mut checks = Checks::new();
    let phone = phone_of(&mut checks, &body);
    let code = checks.code("otp", body.otp.as_deref());
    checks.finish()?;
    let caller = token.and_then(|Extension(token)| CallerSession::from_token(&token).ok());
    let (session, is_new) = identity
        .0
        .verify_phone(&phone, &code, caller.as_ref())
        .await?;
    let mut data = user_of(&session)?;
    data.insert("isNewUser".to_owned(), is_new.into());
    logged_in(
        &identity,
        &headers,
        "the telephone number is verified",
        &session,
        data,
    )
}

pub(super) async fn refresh(State(identity): Shared, headers: HeaderMap, body: Bytes) -> ApiResult {
    let token = presented(&identity, &headers, &body)?;
    let token = token.ok_or_else(errors::refresh_token_invalid)?;
    let session = identity.0.refresh(&token).await?;
    logged_in(
        &identity,
        &headers,
        "the tokens are refreshed",
        &session,
        Map::new(),
    )
}

pub(super) async fn log_out(State(identity): Shared, headers: HeaderMap, body: Bytes) -> ApiResult {
    if let Some(token) = presented(&identity, &headers, &body)? {
        identity.0.log_out(&token).await?;
    }
    logged_out(&identity, "logged out")
}

pub(super) async fn log_out_all(State(identity): Shared, Extension(token): Token) -> ApiResult {
    let caller = CallerSession::from_token(&token)?;
    identity.0.log_out_all(&caller).await?;
    logged_out(&identity, "logged out on all devices")
}

pub(super) async fn reset_password(
    State(identity): Shared,
    Body(body): Body<PasswordBody>,
) -> ApiResult {
    let mut checks = Checks::new();
    let email = checks.email("email", body.email.as_deref());
    let code = checks.code("otp", body.otp.as_deref());
    let password = text(body.new_password);
    checks.new_password("newPassword", &password);
    checks.finish()?;
    identity.0.reset_password(&email, &code, password).await?;
    logged_out(&identity, "the password is changed: log in again")
}

pub(super) async fn change_password(
    State(identity): Shared,
    Extension(token): Token,
    Body(body): Body<PasswordBody>,
) -> ApiResult {
    let mut checks = Checks::new();
    let password = text(body.new_password);
    checks.new_password("newPassword", &password);
    checks.finish()?;
    let current = text(body.current_password);
    let caller = CallerSession::from_token(&token)?;
    identity
        .0
        .change_password(&caller, current, password)
        .await?;
    logged_out(&identity, "the password is changed: log in again")
}

pub(super) async fn profile(State(identity): Shared) -> ApiResult {
    let account = identity.0.account(caller()?).await?;
    Ok(Reply::new("the account", AccountView::from(&account)).into_response())
}

pub(super) async fn change_profile(
    State(identity): Shared,
    Extension(token): Token,
    Body(body): Body<ProfileBody>,
) -> ApiResult {
    let (username, phone) = (body.username.as_deref(), body.phone.as_deref());
    let account = identity
        .0
        .change_profile(&CallerSession::from_token(&token)?, username, phone)
        .await?;
    Ok(Reply::new("the account is changed", AccountView::from(&account)).into_response())
}
