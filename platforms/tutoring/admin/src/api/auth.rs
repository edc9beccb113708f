//! Handlers of the caller's own account.

use seaworthy::{
    account::SecretToken,
    axum::{
        http::{HeaderMap, StatusCode},
        response::IntoResponse as _,
    },
    prelude::*,
};
use serde_json::{Map, Value, json};
use tutoring_contract::{Json, Reply};
use tutoring_identity::{RefreshCookies, is_mobile};

use super::{ExtractResult, HandlerResult, State, Token, views::admin_view};
use crate::accounts::{Accounts, Caller, LoggedIn};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Credentials {
    email: Personal<String>,
    password: Secret<String>,
    /// The code of the second factor.
    totp_code: Option<Secret<String>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RefreshRequest {
    refresh_token: Option<Secret<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PasswordRequest {
    current_password: Secret<String>,
    new_password: Secret<String>,
}

#[derive(Deserialize)]
pub(super) struct EnrollmentRequest {
    password: Secret<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CodeRequest {
    totp_code: Secret<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DisableRequest {
    password: Secret<String>,
    totp_code: Secret<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TokensBody<'a> {
    access_token: &'a str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
}

impl Accounts {
    /// Returns the tokens: the refresh token in the body for mobile clients, otherwise in a cookie.
    /// `data` has further fields of the response.
    fn logged_in(
        &self,
        headers: &HeaderMap,
        message: &'static str,
        logged_in: &LoggedIn,
        mut data: Map<String, Value>,
    ) -> HandlerResult {
        let is_mobile = is_mobile(headers);
        let tokens = TokensBody {
            access_token: logged_in.access.expose(),
            expires_in: self.tokens.expires_in(),
            refresh_token: is_mobile.then(|| logged_in.refresh.expose()),
        };
        data.insert("user".to_owned(), admin_view(&logged_in.admin));
        data.insert("tokens".to_owned(), json!(tokens));
        let mut response = Reply::new(message, data).into_response();
        if !is_mobile {
            let (ttl, cookies) = (self.sessions.idle_timeout(), &self.cookies);
            let cookies = cookies.issue(&logged_in.refresh, &logged_in.session, ttl)?;
            RefreshCookies::apply(cookies, response.headers_mut());
        }
        Ok(response)
    }

    /// Returns the refresh token of the body or of the cookie.
    fn refresh_token(
        &self,
        headers: &HeaderMap,
        body: Option<Json<RefreshRequest>>,
    ) -> Option<SecretToken> {
        let sent = body.and_then(|Json(body)| body.refresh_token);
        match sent {
            Some(sent) => SecretToken::parse(sent.expose()),
            None => self.cookies.read(headers),
        }
    }
}

pub(super) async fn log_in(
    accounts: State,
    headers: HeaderMap,
    Json(body): Json<Credentials>,
) -> HandlerResult {
    let email = body.email.expose();
    let code = body.totp_code.as_ref();
    let logged_in = accounts.log_in(email, body.password, code).await?;
    accounts.logged_in(&headers, "logged in", &logged_in, Map::new())
}

pub(super) async fn refresh(
    accounts: State,
    headers: HeaderMap,
    body: ExtractResult<Option<Json<RefreshRequest>>>,
) -> HandlerResult {
    let token = accounts.refresh_token(&headers, body?);
    let refreshed = accounts.refresh(token.as_ref()).await?;
    accounts.logged_in(&headers, "refreshed", &refreshed, Map::new())
}

pub(super) async fn log_out(
    accounts: State,
    headers: HeaderMap,
    body: ExtractResult<Option<Json<RefreshRequest>>>,
) -> HandlerResult {
    let token = accounts.refresh_token(&headers, body?);
    accounts.log_out(token.as_ref()).await?;
    let mut response = Reply::message("logged out").into_response();
    RefreshCookies::apply(accounts.cookies.clear()?, response.headers_mut());
    Ok(response)
}

pub(super) async fn log_out_all(accounts: State, token: Token) -> HandlerResult {
    let caller = accounts.caller(&token).await?;
    accounts.log_out_all(&caller).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn me(accounts: State, token: Token) -> HandlerResult {
    let Caller { admin, .. } = accounts.caller(&token).await?;
    let totp = accounts.factors.is_required(&admin.id.to_string()).await?;
    let data = json!({ "user": admin_view(&admin), "totpEnabled": totp });
    Reply::ok("admin", data)
}

pub(super) async fn change_password(
    accounts: State,
    token: Token,
    Json(body): Json<PasswordRequest>,
) -> HandlerResult {
    let caller = accounts.caller(&token).await?;
    let (current, new) = (body.current_password, body.new_password);
    accounts.change_password(&caller, current, new).await?;
    Ok(Reply::message("password changed").into_response())
}

pub(super) async fn begin_totp(
    accounts: State,
    token: Token,
    Json(body): Json<EnrollmentRequest>,
) -> HandlerResult {
    let caller = accounts.caller(&token).await?;
    let enrollment = accounts.begin_totp(&caller, body.password).await?;
    let data = json!({
        "secret": enrollment.secret.expose(),
        "uri": enrollment.uri.expose(),
    });
    Reply::ok("confirm with a code", data)
}

pub(super) async fn confirm_totp(
    accounts: State,
    token: Token,
    headers: HeaderMap,
    Json(body): Json<CodeRequest>,
) -> HandlerResult {
    let caller = accounts.caller(&token).await?;
    let confirmed = accounts.confirm_totp(&caller, &body.totp_code);
    let (codes, logged_in) = confirmed.await?;
    let more = Map::from_iter([("recoveryCodes".to_owned(), codes.into())]);
    accounts.logged_in(&headers, "second factor enabled", &logged_in, more)
}

pub(super) async fn disable_totp(
    accounts: State,
    token: Token,
    Json(body): Json<DisableRequest>,
) -> HandlerResult {
    let caller = accounts.caller(&token).await?;
    let (password, code) = (body.password, &body.totp_code);
    accounts.disable_totp(&caller, password, code).await?;
    Ok(Reply::message("second factor disabled").into_response())
}
