use std::{fmt, pin::Pin, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use http::{HeaderMap, header};
use seaworthy_client::ClientError;
use seaworthy_config::Settings;
use seaworthy_service::{Assembly, StartError};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    ApnsConfig, FcmConfig,
    apns::{self, Apns},
    fcm::Fcm,
};

/// The platform of devices with an iOS application.
const IOS: &str = "ios";
/// Maximum length of a text, in characters. The push services accept at most 4 KiB.
const MAX_TEXT: usize = 600;

/// A push to one device. A push has at most 4 KiB with all its fields.
#[derive(Debug, Clone)]
pub struct Push {
    /// The ID of the delivery, the same in each attempt.
    pub id: Uuid,
    /// The token of the device.
    pub token: String,
    /// The title.
    pub title: String,
    /// The text. A push has its first 600 characters.
    pub body: String,
    /// The fields that the application reads. Firebase accepts texts only.
    pub data: Map<String, Value>,
    /// The time after which the push service stops delivery to a device that is off.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Push {
    /// Returns the body, cut to `MAX_TEXT` characters.
    pub(crate) fn text(&self) -> String {
        self.body.chars().take(MAX_TEXT).collect()
    }
}

/// An error of a push that the push service did not accept.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The device token is not valid.
    #[error("the device token is not valid: {0}")]
    InvalidToken(String),
    /// The service rejected the push. A retry would fail in the same way.
    #[error("the push service rejected the push: {0}")]
    Rejected(String),
    /// The push service or the network failed. A retry may succeed.
    #[error("the push service is not available: {reason}")]
    Transient {
        /// The cause of the failure.
        reason: String,
        /// The delay that the push service requests.
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

/// The future of [`SendPush::send`].
pub type PushFuture<'a> = Pin<Box<dyn Future<Output = Result<(), PushError>> + Send + 'a>>;

/// A push service.
pub trait SendPush: Send + Sync + 'static {
    /// Sends one push. `Ok` means that the service accepted it.
    fn send<'a>(&'a self, push: &'a Push) -> PushFuture<'a>;
}

/// The push services of the settings.
#[derive(Clone, Default)]
pub struct Pushes {
    fcm: Option<Arc<dyn SendPush>>,
    apns: Option<Arc<dyn SendPush>>,
}

impl fmt::Debug for Pushes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pushes")
    }
}

impl Pushes {
    /// Creates the enabled push services. `fcm` and `apns` return the settings of each service.
    ///
    /// # Errors
    /// [`StartError`] for an enabled service with a missing setting.
    pub fn new<C: Settings>(
        service: &Assembly<C>,
        fcm: fn(&C) -> &FcmConfig,
        apns: fn(&C) -> &ApnsConfig,
    ) -> Result<Self, StartError> {
        Ok(Self {
            fcm: Fcm::new(service, fcm)?.map(|fcm| Arc::new(fcm) as _),
            apns: Apns::new(service, apns)?.map(|apns| Arc::new(apns) as _),
        })
    }

    /// Returns the service of a device. APNs sends to devices with the platform `ios` whose token
    /// has the format of APNs. Firebase sends to all others, or returns `None` if it is disabled.
    #[must_use]
    pub fn for_device(&self, platform: &str, token: &str) -> Option<&Arc<dyn SendPush>> {
        match (&self.apns, platform) {
            (Some(apns), IOS) if apns::is_token(token) => Some(apns),
            _ => self.fcm.as_ref(),
        }
    }
}

/// Returns the error for a setting that an enabled push service requires.
pub(crate) fn missing(key: &str) -> StartError {
    StartError::new(format!("{key} must be set if its push service is enabled"))
}

/// Returns the seconds of the header `Retry-After`.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}
