//! Calls of the gateway, as the mobile applications make them.

use maud::html;
use seaworthy::{
    axum::{
        http::StatusCode,
        response::{IntoResponse, Redirect, Response},
    },
    client::{HttpClient, HttpResponse},
    http::cookie::InvalidCookie,
    prelude::*,
};
use serde_json::{Value, json};

use super::{layout::page, visitor::Visitor};

/// Maximum number of sessions on a page.
const MAX_SESSIONS: usize = 10;
const UNAVAILABLE: &str = "A required service does not respond. Try again shortly.";

/// The gateway of the platform.
#[derive(Debug, Clone)]
pub(super) struct Gateway(HttpClient);

/// Errors of calls of the gateway.
#[derive(Debug)]
pub(super) enum GatewayError {
    /// The visitor is not logged in, or the access token has expired.
    LoggedOut,
    /// The gateway rejected the call, with a message for the visitor.
    Rejected(String),
    /// The page itself failed.
    Failed(Error),
}

impl From<Error> for GatewayError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<InvalidCookie> for GatewayError {
    fn from(error: InvalidCookie) -> Self {
        Self::Failed(error.into())
    }
}

impl IntoResponse for GatewayError {
    fn into_response(self) -> Response {
        match self {
            Self::LoggedOut => Redirect::to("/").into_response(),
            Self::Rejected(message) => {
                let main = html! { p.alert role="alert" { (message) } };
                let page = page("The request failed", "", &main);
                (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
            }
            Self::Failed(error) => error.into_response(),
        }
    }
}

impl Gateway {
    pub(super) const fn new(client: HttpClient) -> Self {
        Self(client)
    }

    /// Reads with the rights of a visitor.
    pub(super) async fn get(&self, visitor: &Visitor, path: &str) -> Result<Value, GatewayError> {
        let request = self.0.get(&format!("/api/v1{path}"));
        data(request.bearer(visitor.token()).send().await).await
    }

    /// Reads what everyone may read.
    pub(super) async fn get_public(&self, path: &str) -> Result<Value, GatewayError> {
        data(self.0.get(&format!("/api/v1{path}")).send().await).await
    }

    /// Writes with the rights of a visitor.
    pub(super) async fn post(
        &self,
        visitor: &Visitor,
        path: &str,
        body: &Value,
    ) -> Result<Value, GatewayError> {
        let request = self.0.post(&format!("/api/v1{path}")).json(body);
        data(request.bearer(visitor.token()).send().await).await
    }

    /// Writes with an idempotency key, so that a repeated form has no second effect.
    pub(super) async fn post_once(
        &self,
        visitor: &Visitor,
        path: &str,
        key: Uuid,
        body: &Value,
    ) -> Result<Value, GatewayError> {
        let request = self.0.post(&format!("/api/v1{path}")).json(body);
        let request = request.header("idempotency-key", key.to_string());
        data(request.bearer(visitor.token()).send().await).await
    }

    /// Writes without a login, such as the login itself. The response has the tokens.
    pub(super) async fn post_anonymous(
        &self,
        path: &str,
        body: &Value,
    ) -> Result<Value, GatewayError> {
        let request = self.0.post(&format!("/api/v1{path}")).json(body);
        let request = request.header("x-client-type", "mobile");
        match data(request.send().await).await {
            Err(GatewayError::LoggedOut) => Err(GatewayError::Rejected(
                "The e-mail or the password is wrong.".into(),
            )),
            outcome => outcome,
        }
    }
}

/// Returns the data of a response, or the message of an error.
async fn data<E>(response: Result<HttpResponse, E>) -> Result<Value, GatewayError> {
    let Ok(response) = response else {
        return Err(GatewayError::Rejected(UNAVAILABLE.into()));
    };
    let status = response.status();
    if status.as_u16() == 401 {
        return Err(GatewayError::LoggedOut);
    }
    let mut body: Value = response.json().await.unwrap_or_default();
    if status.is_success() {
        return Ok(body.get_mut("data").map(Value::take).unwrap_or(json!(null)));
    }
    let message = text(&body, "/message");
    let message = if message.is_empty() {
        UNAVAILABLE.into()
    } else {
        message
    };
    Err(GatewayError::Rejected(message))
}

/// Returns the text at a JSON pointer, or an empty one.
pub(super) fn text(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// Returns the elements of an array at a JSON pointer, or none.
pub(super) fn items<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Returns the first sessions of a page that are neither held nor cancelled.
pub(super) fn open_sessions(page: &Value) -> impl Iterator<Item = &Value> {
    let open = items(page, "/items").iter().filter(|session| {
        let status = text(session, "/status");
        !["completed", "cancelled"].contains(&status.as_str())
    });
    open.take(MAX_SESSIONS)
}
