use std::num::NonZeroU32;

use city_events_contract::{RateLimitStoreConfig, embedded_broker};
use seaworthy::{
    data::DatabaseConfig,
    mail::{MailConfig, MailUrl},
    messaging::MessagingConfig,
    outbox::InboxConfig,
    prelude::*,
};

/// The default database file, in a folder that version control ignores.
const DEFAULT_FILE: &str = "data/city-events/email.db";
/// The default of `auth_url`: the auth service on the same machine.
const DEFAULT_AUTH_URL: &str = "http://127.0.0.1:8081";
/// The default of attempts, as in the legacy service: with the backoff, about half an hour.
const DEFAULT_MAX_ATTEMPTS: NonZeroU32 = NonZeroU32::new(5).unwrap();
const DEFAULT_INITIAL_BACKOFF: Timeout = Timeout::from_secs(10);
const DEFAULT_MAX_BACKOFF: Timeout = Timeout::from_secs(10 * 60);
/// The default of `requests_per_ip`, enough for a user who opens links and mistypes passwords.
const DEFAULT_REQUESTS_PER_IP: NonZeroU32 = NonZeroU32::new(30).unwrap();
/// The default of `requests_per_token`, enough for a user who mistypes a password.
const DEFAULT_REQUESTS_PER_TOKEN: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// The settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EmailConfig {
    /// The database of sent mails and of the inbox.
    pub database: DatabaseConfig,
    /// The message broker.
    pub broker: MessagingConfig,
    /// The inbox, which recognizes repeated messages.
    pub inbox: InboxConfig,
    /// The mail server.
    pub mail: MailConfig,
    /// Where mails go. Not set: to the server at `mail.url`.
    #[schemars(extend("x-unsafe" = [{
        "id": "CONF-7",
        "value": "fake",
        "why": "mail stays in memory, where every client can read it, password reset links included",
        "fix": "set it to smtp, and mail.url to the URL of a mail server"
    }]))]
    pub sender: Option<Sender>,
    /// The maximum number of attempts to send a mail. After them its message becomes a dead letter.
    pub max_attempts: NonZeroU32,
    /// The upper limit of the first delay between two attempts. It doubles with each attempt.
    pub initial_backoff: Timeout,
    /// The upper limit of every delay between two attempts.
    pub max_backoff: Timeout,
    /// The URL of the auth service.
    #[schemars(url, extend("x-link" = true))]
    pub auth_url: String,
    /// The secret for the internal route of the auth service.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub internal_secret: Option<Secret<String>>,
    /// Whether the owner of an event gets a mail when it is canceled or unpublished.
    pub notify_owners: bool,
    /// Limits of requests from the pages of links.
    pub rate_limit: EmailLimitsConfig,
}

/// The receiver of mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sender {
    /// The server at `mail.url`, which must be set.
    Smtp,
    /// The development mailbox. `mail.url` has no effect.
    Fake,
}

impl EmailConfig {
    /// Returns the settings of the mail server or mailbox.
    pub(crate) fn mail(&self) -> Result<MailConfig, StartError> {
        let mut mail = self.mail.clone();
        match self.sender {
            Some(Sender::Fake) => mail.url = MailUrl::Mailbox,
            Some(Sender::Smtp) if mail.url == MailUrl::Mailbox => {
                return Err(StartError::new(
                    "sender is smtp, and mail.url is not set: set it to smtp://USER@HOST:PORT",
                ));
            }
            Some(Sender::Smtp) | None => {}
        }
        Ok(mail)
    }
}

/// Limits of requests from the pages of links to the auth service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("x-reloadable" = true))]
pub struct EmailLimitsConfig {
    /// Whether these requests are limited. The limits of the listener apply in any case.
    #[schemars(extend("x-unsafe" = [{
        "id": "RES-6",
        "value": false,
        "why": "one client can try tokens at the rate of the listener",
        "fix": "set it to true and choose limits"
    }]))]
    pub enabled: bool,
    /// Requests per minute from one IP address.
    pub requests_per_ip: NonZeroU32,
    /// Requests per ten minutes with one token.
    pub requests_per_token: NonZeroU32,
    /// The Redis that replicas share. Without it, each replica counts alone.
    pub redis: RateLimitStoreConfig,
}

impl Default for EmailLimitsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            requests_per_ip: DEFAULT_REQUESTS_PER_IP,
            requests_per_token: DEFAULT_REQUESTS_PER_TOKEN,
            redis: RateLimitStoreConfig::default(),
        }
    }
}

impl Default for EmailConfig {
    fn default() -> Self {
        Self {
            database: DatabaseConfig::embedded(DEFAULT_FILE),
            broker: embedded_broker(),
            inbox: InboxConfig::default(),
            mail: MailConfig::default(),
            sender: None,
            max_attempts: DEFAULT_MAX_ATTEMPTS,
            initial_backoff: DEFAULT_INITIAL_BACKOFF,
            max_backoff: DEFAULT_MAX_BACKOFF,
            auth_url: DEFAULT_AUTH_URL.to_owned(),
            internal_secret: None,
            notify_owners: false,
            rate_limit: EmailLimitsConfig::default(),
        }
    }
}
