//! The trait of push services.

mod apns;
mod assertion;
mod fcm;

use std::{fmt, pin::Pin, sync::Arc, time::Duration};

use seaworthy::{
    axum::http::{HeaderMap, header},
    client::ClientError,
    data::chrono::{DateTime, Utc},
    prelude::*,
};
use serde_json::{Map, Value};
use uuid::Uuid;

use self::{apns::Apns, fcm::Fcm};
use crate::config::NotificationConfig;

/// The platform of devices with an iOS application.
const IOS: &str = "ios";
/// Longer texts are cut, so that a push stays below the 4 KiB of the services.
const MAX_TEXT: usize = 600;
/// Larger data stay out of a push. The application reads them from the list.
const MAX_DATA: usize = 1_500;

/// A push to one device.
#[derive(Debug, Clone)]
pub(crate) struct Push {
    /// The delivery, the same in each attempt.
    pub(crate) id: Uuid,
    pub(crate) token: String,
    pub(crate) notification: Uuid,
    pub(crate) kind: String,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) data: Option<Value>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

impl Push {
    /// Returns the text in the length of a push.
    fn text(&self) -> String {
        self.body.chars().take(MAX_TEXT).collect()
    }

    /// Returns the members that the application reads: the ID and the type of the notification, and
    /// its data as text.
    fn members(&self) -> Map<String, Value> {
        let mut members = Map::new();
        members.insert(
            "notificationId".to_owned(),
            self.notification.to_string().into(),
        );
        members.insert("type".to_owned(), self.kind.clone().into());
        let data = self.data.as_ref().map(Value::to_string);
        if let Some(data) = data.filter(|data| data.len() <= MAX_DATA) {
            members.insert("data".to_owned(), data.into());
        }
        members
    }
}

/// A push that did not arrive at the push service.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PushError {
    /// The token is not valid any more.
    #[error("the device token is not valid: {0}")]
    InvalidToken(String),
    /// The service rejected the push. A retry would fail in the same way.
    #[error("the push service rejected the push: {0}")]
    Rejected(String),
    /// The service may accept the push later.
    #[error("the push service is not available: {reason}")]
    Transient {
        reason: String,
        /// The delay that the service asks for.
        retry_after: Option<Duration>,
    },
}

impl From<ClientError> for PushError {
    fn from(error: ClientError) -> Self {
        Self::Transient {
            reason: error.to_string(),
            retry_after: None,
        }
    }
}

pub(crate) type PushFuture<'a> = Pin<Box<dyn Future<Output = Result<(), PushError>> + Send + 'a>>;

/// A push service.
pub(crate) trait SendPush: Send + Sync + 'static {
    /// Sends one push. `Ok` means that the service accepted it.
    fn send<'a>(&'a self, push: &'a Push) -> PushFuture<'a>;
}

/// The push services of the settings.
#[derive(Clone, Default)]
pub(crate) struct Pushes {
    fcm: Option<Arc<dyn SendPush>>,
    apns: Option<Arc<dyn SendPush>>,
}

impl fmt::Debug for Pushes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pushes")
    }
}

impl Pushes {
    /// Returns the services that are on.
    ///
    /// # Errors
    /// [`StartError`] for a service that is on and incomplete.
    pub(crate) fn new(service: &Assembly<NotificationConfig>) -> Result<Self, StartError> {
        let settings = service.settings();
        Ok(Self {
            fcm: Fcm::new(service, &settings.fcm)?.map(|fcm| Arc::new(fcm) as _),
            apns: Apns::new(service, &settings.apns)?.map(|apns| Arc::new(apns) as _),
        })
    }

    /// Returns the service of a device. Tokens of iOS without Apple's form come from Firebase.
    pub(crate) fn of(&self, platform: &str, token: &str) -> Option<&Arc<dyn SendPush>> {
        match (&self.apns, platform) {
            (Some(apns), IOS) if apns::is_token(token) => Some(apns),
            _ => self.fcm.as_ref(),
        }
    }
}

/// Returns an HTTP client whose settings have a base URL.
fn client(
    service: &Assembly<NotificationConfig>,
    name: &str,
) -> Result<seaworthy::client::HttpClient, StartError> {
    service
        .http_client(name)
        .map_err(|error| StartError::with_cause(format!("clients.{name} cannot be used"), error))
}

/// Returns the error of a setting that a service needs.
fn missing(key: &str) -> StartError {
    StartError::new(format!("{key} must be set while its push service is on"))
}

/// Returns the seconds of the header `Retry-After`.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}
