use seaworthy::{
    axum::{
        body::{Body, Bytes},
        http::{HeaderValue, StatusCode, header},
        response::Response,
    },
    client::HttpClient,
    http::PublicErrorBody,
    messaging::Failure,
    prelude::*,
};
use serde_json::Value;
use uuid::Uuid;

/// The name of the client in logs, metrics and settings.
pub(crate) const NAME: &str = "auth";
/// The header that authenticates calls of the internal route.
const INTERNAL_SECRET: &str = "x-internal-secret";

/// A client of the auth service, which stores e-mail addresses and verifies link tokens. Cheap to
/// clone.
#[derive(Debug, Clone)]
pub(crate) struct AuthClient {
    pub(crate) client: HttpClient,
    pub(crate) url: String,
    pub(crate) secret: Option<Secret<String>>,
}

impl AuthClient {
    /// Returns the e-mail address of a user. `None` if the user does not exist or has none.
    ///
    /// # Errors
    /// A transient [`Failure`] if the auth service is unavailable or rejects the secret. A
    /// permanent one if the ID is not a UUID.
    pub(crate) async fn email_of(&self, user: &str) -> Result<Option<Personal<String>>, Failure> {
        // The ID comes from a message and becomes part of a path.
        let user = Uuid::try_parse(user).map_err(Failure::reject)?;
        let url = format!("{}/internal/users/{}", self.url, user.hyphenated());
        let request = self.client.get(&url);
        let request = match &self.secret {
            Some(secret) => request.header(INTERNAL_SECRET, secret.current().expose().as_str()),
            None => request,
        };
        let response = request.send().await.map_err(Failure::retry)?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(None),
            status => {
                return Err(Failure::retry(format!(
                    "the auth service responded with {status}"
                )));
            }
        }
        let body: Value = response.json().await.map_err(Failure::retry)?;
        let read = |pointer| body.pointer(pointer).and_then(Value::as_str);
        let email = read("/data/email").or_else(|| read("/user/email"));
        let email = email.filter(|email| !email.is_empty());
        Ok(email.map(|email| Personal::new(email.to_owned())))
    }

    /// Sends a request about a link, and returns the status and body of the response unchanged.
    pub(crate) async fn forward(&self, request: LinkRequest) -> Response {
        let response = match request {
            LinkRequest::VerifyEmail(body) => {
                let url = format!("{}/auth/v1/verify-email/confirm", self.url);
                self.client.post(&url).json(&body).send().await
            }
            LinkRequest::ValidateReset(token) => {
                let query: String =
                    url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
                let url = format!("{}/auth/v1/password/reset/validate?token={query}", self.url);
                self.client.get(&url).send().await
            }
            LinkRequest::ConfirmReset(body) => {
                let url = format!("{}/auth/v1/password/reset/confirm", self.url);
                self.client.post(&url).json(&body).send().await
            }
        };
        let response = match response {
            Ok(response) => response,
            Err(error) => return unreachable(&error),
        };
        let status = response.status();
        let content_type = response.headers().get(header::CONTENT_TYPE).cloned();
        match response.bytes().await {
            Ok(bytes) => unchanged(status, content_type, bytes),
            Err(error) => unreachable(&error),
        }
    }
}

/// A request about a link, with its body or token.
#[derive(Debug)]
pub(crate) enum LinkRequest {
    VerifyEmail(Value),
    ValidateReset(String),
    ConfirmReset(Value),
}

fn unchanged(status: StatusCode, content_type: Option<HeaderValue>, bytes: Bytes) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.extensions_mut().insert(PublicErrorBody);
    if let Some(content_type) = content_type {
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, content_type);
    }
    response
}

fn unreachable(error: &dyn std::error::Error) -> Response {
    tracing::warn!(error = error.to_string(), "the auth service is unreachable");
    let mut response = Response::new(Body::from("the auth service is unreachable: try again"));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response.extensions_mut().insert(PublicErrorBody);
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, text);
    response
}
