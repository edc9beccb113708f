use std::{sync::Mutex, time::Duration};

use http::StatusCode;
use seaworthy_client::{ClientError, HttpClient};
use seaworthy_config::Settings;
use seaworthy_core::Secret;
use seaworthy_service::{Assembly, StartError};
use serde_json::{Value, json};

use crate::{
    ApnsConfig, Push, PushError, PushFuture, SendPush,
    account::{Account, PushAccount},
    assertion::{AssertionKey, now},
    pushes::{missing, retry_after},
};

/// The name of the HTTP client in settings and metrics.
const CLIENT: &str = "apns";
/// Lifetime in seconds. Apple rejects tokens after an hour, and new ones within 20 minutes.
const TOKEN_LIFETIME: u64 = 40 * 60;
/// The length of device tokens, in hexadecimal digits. Apple documents no maximum.
const TOKEN_LENGTH: std::ops::RangeInclusive<usize> = 64..=200;
/// The value of `apns-priority` for immediate delivery.
const PRIORITY: &str = "10";

/// The Apple Push Notification service, by its HTTP/2 interface.
pub(crate) struct Apns {
    client: HttpClient,
    team: Account<Team>,
    config: ApnsConfig,
}

/// The team at Apple.
struct Team {
    key: AssertionKey,
    id: String,
    /// The token of the team, and the time of its signature in seconds since 1970.
    token: Mutex<Option<(Secret<String>, u64)>>,
}

/// Whether a text has the form of a device token, which is a part of a path.
pub(crate) fn is_token(token: &str) -> bool {
    TOKEN_LENGTH.contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Apns {
    /// Returns `None` while push by Apple is off.
    pub(crate) fn new<C: Settings>(
        service: &Assembly<C>,
        select: fn(&C) -> &ApnsConfig,
    ) -> Result<Option<Self>, StartError> {
        let config = select(service.settings());
        service.declare_http_client(CLIENT);
        if !config.enabled {
            return Ok(None);
        }
        if config.topic.is_empty() {
            return Err(missing("apns.topic"));
        }
        Ok(Some(Self {
            client: service.http_client(CLIENT)?,
            team: Account::follow(service, select)?,
            config: config.clone(),
        }))
    }

    async fn push(&self, push: &Push) -> Result<(), PushError> {
        let mut body = push.data.clone();
        let alert = json!({ "title": push.title, "body": push.text() });
        let aps = json!({ "alert": alert, "sound": "default" });
        body.insert("aps".to_owned(), aps);
        let id = push.id.to_string();
        let team = self.team.current();
        let expires = push.expires_at.map_or(0, |at| at.timestamp());
        let mut request = self
            .client
            .post(&format!("/3/device/{}", push.token))
            .bearer(&team.token()?)
            .header("apns-topic", self.config.topic.as_str())
            .header("apns-push-type", "alert")
            .header("apns-priority", PRIORITY)
            // Devices show pushes with one ID once.
            .header("apns-id", id.as_str())
            .header("apns-collapse-id", id.as_str());
        if expires > 0 {
            request = request.header("apns-expiration", expires.to_string());
        }
        let sent = request.json(&body).send().await?;
        let (status, wait) = (sent.status(), retry_after(sent.headers()));
        if status.is_success() {
            return Ok(());
        }
        let body: Result<Value, ClientError> = sent.json().await;
        let body = body.unwrap_or_default();
        let reason = body
            .get("reason")
            .and_then(Value::as_str)
            .unwrap_or("Unknown")
            .to_owned();
        if reason == "ExpiredProviderToken"
            && let Ok(mut cached) = team.token.lock()
        {
            *cached = None;
        }
        Err(failure(status, wait, reason))
    }
}

impl Team {
    fn token(&self) -> Result<Secret<String>, PushError> {
        let refused = || PushError::Rejected("the team token cannot be signed".to_owned());
        let mut cached = self.token.lock().map_err(|_| refused())?;
        let issued = now();
        if let Some((token, since)) = &*cached
            && issued < since + TOKEN_LIFETIME
        {
            return Ok(token.clone());
        }
        let claims = json!({ "iss": self.id, "iat": issued });
        let token = self.key.sign(&claims).map_err(|_| refused())?;
        *cached = Some((token.clone(), issued));
        Ok(token)
    }
}

impl PushAccount for Team {
    type Config = ApnsConfig;
    const SECTION: &str = "apns";

    fn read(config: &ApnsConfig) -> Result<Self, StartError> {
        for (key, text) in [
            ("apns.team_id", &config.team_id),
            ("apns.key_id", &config.key_id),
        ] {
            if text.is_empty() {
                return Err(missing(key));
            }
        }
        let pem = config.private_key.as_ref();
        let pem = pem.ok_or_else(|| missing("apns.private_key"))?;
        let key = AssertionKey::p256(&config.key_id, pem);
        Ok(Self {
            key: key.map_err(|error| StartError::with_cause("apns.private_key", error))?,
            id: config.team_id.clone(),
            token: Mutex::new(None),
        })
    }

    fn is_current(&self, config: &ApnsConfig) -> bool {
        self.id == config.team_id && self.key.is(&config.key_id, config.private_key.as_ref())
    }
}

impl SendPush for Apns {
    fn send<'a>(&'a self, push: &'a Push) -> PushFuture<'a> {
        Box::pin(self.push(push))
    }
}

/// Returns the meaning of an error response.
fn failure(status: StatusCode, retry_after: Option<Duration>, reason: String) -> PushError {
    match &*reason {
        "Unregistered" | "BadDeviceToken" | "DeviceTokenNotForTopic" | "ExpiredToken" => {
            return PushError::InvalidToken(reason);
        }
        // Transient: a key rotation reaches Apple and this service at different times.
        "ExpiredProviderToken" | "InvalidProviderToken" => {
            return PushError::Transient {
                reason,
                retry_after,
            };
        }
        _ => {}
    }
    match status {
        StatusCode::GONE => PushError::InvalidToken(reason),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => PushError::Transient {
            reason,
            retry_after,
        },
        status if status.is_client_error() => PushError::Rejected(reason),
        _ => PushError::Transient {
            reason,
            retry_after,
        },
    }
}
