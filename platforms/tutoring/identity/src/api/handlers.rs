use std::{convert::Infallible, sync::Arc};

use seaworthy::{
    account::SecretToken,
    auth::token::VerifiedToken,
    axum::{
        Extension,
        body::Bytes,
        extract::{FromRequestParts, State},
        http::{HeaderMap, StatusCode, request},
        response::IntoResponse as _,
    },
    prelude::*,
};
use serde_json::{Map, Value, json};
use tutoring_contract::{HandlerResult, Json, Reply};

use super::bodies::{
    EmailBody, EmailCodeBody, LoginBody, PasswordBody, PhoneBody, ProfileBody, refresh_token,
};
use crate::{
    AccountChecks as _, CallerSession, Checks, RefreshCookies, caller, errors,
    identity::Parts,
    invalid, is_mobile,
    operations::{EmailCode, LoggedIn, Registered, Registration},
};

type Shared = State<Arc<Parts>>;
type Token = Extension<Arc<VerifiedToken>>;

pub(super) fn text(given: Option<Secret<String>>) -> Secret<String> {
    given.unwrap_or_else(|| Secret::new(String::new()))
}

/// A client that gets, presents or loses a refresh token. Its headers name the kind of client.
pub(super) struct Client {
    pub(super) parts: Arc<Parts>,
    headers: HeaderMap,
}

impl FromRequestParts<Arc<Parts>> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(
        request: &mut request::Parts,
        parts: &Arc<Parts>,
    ) -> Result<Self, Infallible> {
        Ok(Self {
            parts: Arc::clone(parts),
            headers: request.headers.clone(),
        })
    }
}

impl Client {
    /// Returns the tokens, with the refresh token in the body or in a cookie.
    pub(super) fn logged_in(
        &self,
        message: &'static str,
        session: &LoggedIn,
        mut data: Map<String, Value>,
    ) -> HandlerResult {
        let mut tokens = json!({
            "accessToken": session.access.expose(),
            "expiresIn": self.parts.tokens.expires_in(),
        });
        let is_mobile = is_mobile(&self.headers);
        if let (true, Some(tokens)) = (is_mobile, tokens.as_object_mut()) {
            tokens.insert("refreshToken".to_owned(), session.refresh.expose().into());
        }
        data.insert("tokens".to_owned(), tokens);
        let mut response = Reply::new(message, data).into_response();
        if !is_mobile {
            let (ttl, cookies) = (self.parts.sessions.idle_timeout(), &self.parts.cookies);
            let cookies = cookies.issue(&session.refresh, &session.session, ttl)?;
            RefreshCookies::apply(cookies, response.headers_mut());
        }
        Ok(response)
    }

    /// Returns the refresh token of a request: that of the body, or that of the cookie.
    fn presented(&self, body: &Bytes) -> Result<Option<SecretToken>, Error> {
        let given = refresh_token(body)?;
        Ok(given.or_else(|| self.parts.cookies.read(&self.headers)))
    }
}

pub(super) fn user_of(session: &LoggedIn) -> Result<Map<String, Value>, Error> {
    let user = serde_json::to_value(&session.account);
    Ok(Map::from_iter([(
        "user".to_owned(),
        user.map_err(Error::internal)?,
    )]))
}

/// Removes the cookies of a browser.
fn logged_out(parts: &Arc<Parts>, message: &'static str) -> HandlerResult {
    let mut response = Reply::message(message).into_response();
    RefreshCookies::apply(parts.cookies.clear()?, response.headers_mut());
    Ok(response)
}

pub(super) async fn register(parts: Shared, Json(body): Json<Registration>) -> HandlerResult {
    let registered = parts.register(body).await?;
    let (status, text, message) = match registered {
        Registered::Created(_) => (StatusCode::CREATED, "created", "the code was sent"),
        Registered::CodeResent(_) => (StatusCode::OK, "otp_resent", "a code was sent"),
    };
    let member = parts.kind.id_member();
    let data = json!({ member: registered.id(), "status": text });
    Ok((status, Reply::new(message, data)).into_response())
}

pub(super) async fn resend_code(parts: Shared, Json(body): Json<EmailBody>) -> HandlerResult {
    send_code(&parts, &body, EmailCode::Verification).await
}

pub(super) async fn forgot_password(parts: Shared, Json(body): Json<EmailBody>) -> HandlerResult {
    send_code(&parts, &body, EmailCode::PasswordReset).await
}

async fn send_code(parts: &Arc<Parts>, body: &EmailBody, kind: EmailCode) -> HandlerResult {
    let mut checks = Checks::new();
    let email = checks.email("email", body.email.as_deref());
    checks.finish()?;
    parts.limits.code_request().await?;
    parts.send_later(email, kind);
    Ok(Reply::message("if the account exists, a code was sent").into_response())
}

pub(super) async fn verify_email(client: Client, Json(body): Json<EmailCodeBody>) -> HandlerResult {
    let mut checks = Checks::new();
    let email = checks.email("email", body.email.as_deref());
    let code = checks.code("otp", body.otp.as_deref());
    checks.finish()?;
    let session = client.parts.verify_email(&email, &code).await?;
    let data = user_of(&session)?;
    client.logged_in("the e-mail address is verified", &session, data)
}

pub(super) async fn log_in(client: Client, Json(body): Json<LoginBody>) -> HandlerResult {
    let (email, username) = (body.email.as_deref(), body.username.as_deref());
    let session = client
        .parts
        .log_in(email, username, text(body.password))
        .await?;
    let data = user_of(&session)?;
    client.logged_in("logged in", &session, data)
}

pub(super) async fn request_phone_code(
    parts: Shared,
    Json(body): Json<PhoneBody>,
) -> HandlerResult {
    send_phone_code(&parts, &body, false).await
}

pub(super) async fn retry_phone_code(parts: Shared, Json(body): Json<PhoneBody>) -> HandlerResult {
    let by_voice = match body.retry_type.as_deref() {
        None | Some("text") => false,
        Some("voice") => true,
        Some(_) => return Err(invalid("retryType", "must be text or voice")),
    };
    send_phone_code(&parts, &body, by_voice).await
}

fn phone_of(checks: &mut Checks, body: &PhoneBody) -> String {
    let phone = checks.phone("phone", body.phone.as_deref());
    if phone.is_none() {
        checks.reject("phone", "is required");
    }
    phone.unwrap_or_default()
}

async fn send_phone_code(parts: &Arc<Parts>, body: &PhoneBody, by_voice: bool) -> HandlerResult {
    let mut checks = Checks::new();
    let phone = phone_of(&mut checks, body);
    checks.finish()?;
    let seconds = parts.request_phone_code(&phone, by_voice).await?;
    let data = json!({ "expiresIn": seconds });
    Reply::ok("the code was sent", data)
}

pub(super) async fn verify_phone(
    client: Client,
    token: Option<Token>,
    Json(body): Json<PhoneBody>,
) -> HandlerResult {
    let mut checks = Checks::new();
    let phone = phone_of(&mut checks, &body);
    let code = checks.code("otp", body.otp.as_deref());
    checks.finish()?;
    let caller = token.and_then(|Extension(token)| CallerSession::from_token(&token).ok());
    let (session, is_new) = client
        .parts
        .verify_phone(&phone, &code, caller.as_ref())
        .await?;
    let mut data = user_of(&session)?;
    data.insert("isNewUser".to_owned(), is_new.into());
    client.logged_in("the telephone number is verified", &session, data)
}

pub(super) async fn refresh(client: Client, body: Bytes) -> HandlerResult {
    let token = client.presented(&body)?;
    let token = token.ok_or_else(errors::refresh_token_invalid)?;
    let session = client.parts.refresh(&token).await?;
    client.logged_in("the tokens are refreshed", &session, Map::new())
}

pub(super) async fn log_out(client: Client, body: Bytes) -> HandlerResult {
    if let Some(token) = client.presented(&body)? {
        client.parts.log_out(&token).await?;
    }
    logged_out(&client.parts, "logged out")
}

pub(super) async fn log_out_all(parts: Shared, Extension(token): Token) -> HandlerResult {
    let caller = CallerSession::from_token(&token)?;
    parts.log_out_all(&caller).await?;
    logged_out(&parts, "logged out on all devices")
}

pub(super) async fn reset_password(parts: Shared, Json(body): Json<PasswordBody>) -> HandlerResult {
    let mut checks = Checks::new();
    let email = checks.email("email", body.email.as_deref());
    let code = checks.code("otp", body.otp.as_deref());
    let password = text(body.new_password);
    checks.new_password("newPassword", &password);
    checks.finish()?;
    parts.reset_password(&email, &code, password).await?;
    logged_out(&parts, "the password is changed: log in again")
}

pub(super) async fn change_password(
    parts: Shared,
    Extension(token): Token,
    Json(body): Json<PasswordBody>,
) -> HandlerResult {
    let mut checks = Checks::new();
    let current = text(body.current_password);
    let is_given = !current.expose().is_empty();
    checks.require("currentPassword", is_given, "is required");
    let password = text(body.new_password);
    checks.new_password("newPassword", &password);
    checks.finish()?;
    let caller = CallerSession::from_token(&token)?;
    parts.change_password(&caller, current, password).await?;
    logged_out(&parts, "the password is changed: log in again")
}

pub(super) async fn profile(parts: Shared) -> HandlerResult {
    let account = parts.account(caller()?).await?;
    Reply::ok("the account", account)
}

pub(super) async fn change_profile(
    parts: Shared,
    Extension(token): Token,
    Json(body): Json<ProfileBody>,
) -> HandlerResult {
    let (username, phone) = (body.username.as_deref(), body.phone.as_deref());
    let account = parts
        .change_profile(&CallerSession::from_token(&token)?, username, phone)
        .await?;
    Reply::ok("the account is changed", account)
}
