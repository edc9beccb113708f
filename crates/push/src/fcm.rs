use std::{sync::Mutex, time::Duration};

use http::StatusCode;
use seaworthy_client::{ClientError, HttpClient};
use seaworthy_config::Settings;
use seaworthy_core::Secret;
use seaworthy_service::{Assembly, StartError};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    FcmConfig, Push, PushError, PushFuture, SendPush,
    account::{Account, PushAccount},
    assertion::{AssertionKey, now},
    pushes::{missing, retry_after},
};

/// The name of the HTTP client of pushes in settings and metrics.
const CLIENT: &str = "fcm";
/// The name of the HTTP client of access tokens.
const TOKENS: &str = "google_tokens";
/// The OAuth scope of access tokens: only sending messages.
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
const GRANT: &str = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
/// Lifetime of an assertion, in seconds: the maximum that Google accepts.
const ASSERTION_LIFETIME: u64 = 3_600;
/// Seconds before its expiry at which a token is replaced. Calls take time, and clocks differ.
const TOKEN_MARGIN: u64 = 60;

/// Firebase Cloud Messaging, by version 1 of its HTTP interface.
pub(crate) struct Fcm {
    client: HttpClient,
    tokens: HttpClient,
    account: Account<ServiceAccount>,
    config: FcmConfig,
}

/// The service account at Google.
struct ServiceAccount {
    key: AssertionKey,
    email: String,
    /// The access token, and its expiry in seconds since 1970.
    token: Mutex<Option<(Secret<String>, u64)>>,
}

#[derive(Deserialize)]
struct TokenResponse {
    access_token: String,
    expires_in: u64,
}

impl Fcm {
    /// Returns `None` while push by Firebase is off.
    pub(crate) fn new<C: Settings>(
        service: &Assembly<C>,
        select: fn(&C) -> &FcmConfig,
    ) -> Result<Option<Self>, StartError> {
        let config = select(service.settings());
        service.declare_http_client(CLIENT);
        service.declare_http_client(TOKENS);
        if !config.enabled {
            return Ok(None);
        }
        if config.project_id.is_empty() {
            return Err(missing("fcm.project_id"));
        }
        Ok(Some(Self {
            client: service.http_client(CLIENT)?,
            tokens: service.http_client(TOKENS)?,
            account: Account::follow(service, select)?,
            config: config.clone(),
        }))
    }

    /// Requests an access token with an assertion that the service account signs.
    async fn access_token(&self, account: &ServiceAccount) -> Result<Secret<String>, PushError> {
        if let Some(token) = account.cached() {
            return Ok(token);
        }
        let issued = now();
        let assertion = account.key.sign(&json!({
            "iss": account.email,
            "scope": SCOPE,
            "aud": self.config.token_uri,
            "iat": issued,
            "exp": issued + ASSERTION_LIFETIME,
        }));
        let assertion = assertion.map_err(|error| PushError::Rejected(error.to_string()))?;
        // An assertion contains only characters that a form does not escape.
        let form = format!("grant_type={GRANT}&assertion={}", assertion.expose());
        let request = self
            .tokens
            .post("/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)
            // A retry is safe: it only issues another token.
            .idempotent();
        let answer = request.send().await?;
        let status = answer.status();
        if !status.is_success() {
            let reason = format!("the token endpoint responded with {status}");
            return Err(PushError::Transient {
                reason,
                retry_after: retry_after(answer.headers()),
            });
        }
        let answer: TokenResponse = answer.json().await?;
        let token = Secret::new(answer.access_token);
        account.cache(Some((token.clone(), issued + answer.expires_in)));
        Ok(token)
    }

    async fn push(&self, push: &Push) -> Result<(), PushError> {
        let account = self.account.current();
        let token = self.access_token(&account).await?;
        let ttl = push.expires_at.map(|expires_at| {
            let seconds = expires_at.timestamp().saturating_sub_unsigned(now());
            format!("{}s", seconds.max(0))
        });
        let android = match ttl {
            Some(ttl) => json!({ "priority": "high", "ttl": ttl }),
            None => json!({ "priority": "high" }),
        };
        let message = json!({
            "token": push.token,
            "notification": { "title": push.title, "body": push.text() },
            "data": push.data,
            "android": android,
        });
        let path = format!("/v1/projects/{}/messages:send", self.config.project_id);
        let request = self.client.post(&path).bearer(&token);
        let sent = request.json(&json!({ "message": message })).send().await?;
        let (status, wait) = (sent.status(), retry_after(sent.headers()));
        if status.is_success() {
            return Ok(());
        }
        if status == StatusCode::UNAUTHORIZED {
            account.cache(None);
        }
        let body: Result<Value, ClientError> = sent.json().await;
        Err(failure(status, wait, &body.unwrap_or_default()))
    }
}

impl ServiceAccount {
    fn cached(&self) -> Option<Secret<String>> {
        let cached = self.token.lock().ok()?;
        let (token, end) = cached.as_ref()?;
        (now() + TOKEN_MARGIN < *end).then(|| token.clone())
    }

    fn cache(&self, token: Option<(Secret<String>, u64)>) {
        if let Ok(mut cached) = self.token.lock() {
            *cached = token;
        }
    }
}

impl PushAccount for ServiceAccount {
    type Config = FcmConfig;
    const SECTION: &str = "fcm";

    fn read(config: &FcmConfig) -> Result<Self, StartError> {
        for (key, text) in [
            ("fcm.client_email", &config.client_email),
            ("fcm.private_key_id", &config.private_key_id),
        ] {
            if text.is_empty() {
                return Err(missing(key));
            }
        }
        let pem = config.private_key.as_ref();
        let pem = pem.ok_or_else(|| missing("fcm.private_key"))?;
        let key = AssertionKey::rsa(&config.private_key_id, pem);
        Ok(Self {
            key: key.map_err(|error| StartError::with_cause("fcm.private_key", error))?,
            email: config.client_email.clone(),
            token: Mutex::new(None),
        })
    }

    fn is_current(&self, config: &FcmConfig) -> bool {
        self.email == config.client_email
            && self
                .key
                .is(&config.private_key_id, config.private_key.as_ref())
    }
}

impl SendPush for Fcm {
    fn send<'a>(&'a self, push: &'a Push) -> PushFuture<'a> {
        Box::pin(self.push(push))
    }
}

/// Returns the meaning of an error response. Its texts may contain the token, so only the codes are
/// kept.
fn failure(status: StatusCode, retry_after: Option<Duration>, body: &Value) -> PushError {
    let error = &body["error"];
    let details = error["details"].as_array().map_or(&[][..], Vec::as_slice);
    let code = details
        .iter()
        .find_map(|detail| detail["errorCode"].as_str());
    let code = code.or_else(|| error["status"].as_str());
    let code = code.unwrap_or("UNKNOWN").to_owned();
    let names_token = details.iter().any(|detail| {
        let fields = detail["fieldViolations"].as_array();
        fields.is_some_and(|fields| fields.iter().any(|field| field["field"] == "message.token"))
    });
    match status {
        StatusCode::NOT_FOUND if code == "UNREGISTERED" => PushError::InvalidToken(code),
        StatusCode::FORBIDDEN if code == "SENDER_ID_MISMATCH" => PushError::InvalidToken(code),
        StatusCode::BAD_REQUEST if names_token => PushError::InvalidToken(code),
        // Transient: the next attempt requests a new access token.
        StatusCode::UNAUTHORIZED | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
            PushError::Transient {
                reason: code,
                retry_after,
            }
        }
        status if status.is_client_error() => PushError::Rejected(code),
        _ => PushError::Transient {
            reason: code,
            retry_after,
        },
    }
}
