use seaworthy::{
    axum::{
        body::{Body, Bytes},
        http::{HeaderValue, StatusCode, header},
        response::Response,
    },
    client::HttpClient,
    messaging::Failure,
    prelude::*,
};
use serde_json::Value;
use uuid::Uuid;

/// The name that logs, metrics and policies know it by.
pub(crate) const NAME: &str = "auth";
/// The header of its internal route.
const INTERNAL_SECRET: &str = "x-internal-secret";

/// The auth service: it knows addresses, and what links are good for. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct AuthService {
    pub(crate) client: HttpClient,
    pub(crate) url: String,
    pub(crate) secret: Option<Secret<String>>,
}

impl AuthService {
    /// The address of a user; none where there is no such user, or none that has one.
    ///
    /// # Errors
    /// A [`Failure`] that is tried again: the service is away, or does not know this one.
    pub(crate) async fn address_of(&self, user: &str) -> Result<Option<Personal<String>>, Failure> {
        // Whoever says who the user is comes from outside this process: it must be no path.
        let user = Uuid::try_parse(user).map_err(Failure::reject)?;
        let url = format!("{}/internal/users/{}", self.url, user.hyphenated());
        let request = self.client.get(&url);
        let request = match &self.secret {
            Some(secret) => request.header(INTERNAL_SECRET, secret.expose().as_str()),
            None => request,
        };
        let answer = request.send().await.map_err(Failure::retry)?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(None),
            status => {
                return Err(Failure::retry(format!("the auth service answers {status}")));
            }
        }
        let body: Value = answer.json().await.map_err(Failure::retry)?;
        let read = |pointer| body.pointer(pointer).and_then(Value::as_str);
        let email = read("/data/email").or_else(|| read("/user/email"));
        let email = email.filter(|email| !email.is_empty());
        Ok(email.map(|email| Personal::new(email.to_owned())))
    }

    /// Passes a question on, and its answer back as it is: status and body.
    pub(crate) async fn ask(&self, question: Question) -> Response {
        let answer = match question {
            Question::VerifyEmail(body) => {
                let url = format!("{}/auth/v1/verify-email/confirm", self.url);
                self.client.post(&url).json(&body).send().await
            }
            Question::ValidateReset(token) => {
                let query: String =
                    url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
                let url = format!("{}/auth/v1/password/reset/validate?token={query}", self.url);
                self.client.get(&url).send().await
            }
            Question::ConfirmReset(body) => {
                let url = format!("{}/auth/v1/password/reset/confirm", self.url);
                self.client.post(&url).json(&body).send().await
            }
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return unreachable(&error),
        };
        let status = answer.status();
        let kind = answer.headers().get(header::CONTENT_TYPE).cloned();
        match answer.bytes().await {
            Ok(bytes) => passed_on(status, kind, bytes),
            Err(error) => unreachable(&error),
        }
    }
}

/// What is asked about a link.
#[derive(Debug)]
pub(crate) enum Question {
    VerifyEmail(Value),
    ValidateReset(String),
    ConfirmReset(Value),
}

fn passed_on(status: StatusCode, kind: Option<HeaderValue>, bytes: Bytes) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    if let Some(kind) = kind {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response
}

fn unreachable(error: &dyn std::error::Error) -> Response {
    tracing::warn!(
        problem = error.to_string(),
        "the auth service cannot be asked"
    );
    let mut response = Response::new(Body::from("the auth service cannot be asked"));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
