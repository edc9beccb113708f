use std::num::NonZeroU32;

use city_events_contract::{AccessConfig, CountersConfig, RevocationConfig, ServiceCallsConfig};
use seaworthy::prelude::*;

/// What clients of City Events know: a hundred a minute.
const DEFAULT_REQUESTS: NonZeroU32 = NonZeroU32::new(100).unwrap();
/// See above.
const DEFAULT_WINDOW: Timeout = Timeout::from_secs(60);

/// The settings of the service.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BffConfig {
    /// How access tokens are told from forged ones.
    pub jwt: AccessConfig,
    /// How long access tokens are believed while auth cannot say which were taken back.
    pub revocation: RevocationConfig,
    /// How this service proves to auth who it is. It can be left out where `grpc_clients.auth.tls.certificate` does.
    pub service_calls: ServiceCallsConfig,
    /// How many requests one caller may send.
    pub rate_limit: CallerLimitConfig,
    /// Where the pictures of events are, such as `https://cdn.example.org`. Without it events have drawings.
    #[schemars(extend("x-browser-address" = true))]
    pub pictures_url: Option<String>,
}

/// How many requests to `/api` one caller may send: the user, else the client's address. Pages for people have ten times as many of their own.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CallerLimitConfig {
    /// Whether requests are limited.
    pub enabled: bool,
    /// Requests in one window; as many may come at once after a quiet time.
    pub requests: NonZeroU32,
    /// The window.
    pub window: Timeout,
    /// Where replicas count together.
    pub redis: CountersConfig,
}

impl Default for CallerLimitConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            requests: DEFAULT_REQUESTS,
            window: DEFAULT_WINDOW,
            redis: CountersConfig::default(),
        }
    }
}
