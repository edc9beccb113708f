use std::num::NonZeroU32;

use city_events_contract::{
    AccessConfig, PUBLIC_METRICS, RateLimitStoreConfig, RevocationConfig, ServiceCallsConfig,
};
use seaworthy::{flags::FlagsConfig, prelude::*, realtime::RealtimeConfig};

/// The default of `requests`. Clients of City Events rely on 100 requests per minute.
const DEFAULT_REQUESTS: NonZeroU32 = NonZeroU32::new(100).unwrap();
const DEFAULT_WINDOW: Timeout = Timeout::from_secs(60);

/// The settings of the gateway.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BffConfig {
    /// Verification of access tokens.
    pub jwt: AccessConfig,
    /// How long access tokens stay valid without a revocation list from the auth service.
    pub revocation: RevocationConfig,
    /// Authentication of calls to the auth service. Optional if `grpc_clients.auth.tls.certificate`
    /// is set.
    pub service_calls: ServiceCallsConfig,
    /// Limit of the requests of one caller.
    pub rate_limit: CallerLimitConfig,
    /// The feature flags of the pages.
    pub flags: FlagsConfig,
    /// The connections of open event pages, which receive counts of participants.
    pub live: RealtimeConfig,
    /// Base URL of event pictures, such as `https://cdn.example.org`. Without it, pages show
    /// drawings.
    #[schemars(extend("x-browser-address" = true))]
    pub pictures_url: Option<String>,
    /// The address to which browsers send pictures: the storage of uploaded files, such as
    /// `https://s3.example.org`. Without it, pages offer no uploads.
    #[schemars(extend("x-browser-address" = true))]
    pub uploads_url: Option<String>,
    /// A public path with the metrics. Without it, only the admin listener serves them.
    pub public_metrics: Option<String>,
}

impl Default for BffConfig {
    fn default() -> Self {
        Self {
            jwt: AccessConfig::default(),
            revocation: RevocationConfig::default(),
            service_calls: ServiceCallsConfig::default(),
            rate_limit: CallerLimitConfig::default(),
            flags: FlagsConfig::default(),
            live: RealtimeConfig::default(),
            pictures_url: None,
            uploads_url: None,
            public_metrics: Some(PUBLIC_METRICS.to_owned()),
        }
    }
}

/// Limit of requests to `/api` by user, or by IP address for anonymous callers. Pages have a
/// separate limit, ten times as high.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("x-reloadable" = true))]
pub struct CallerLimitConfig {
    /// Whether requests are limited.
    #[schemars(extend("x-unsafe" = [{
        "id": "RES-6",
        "value": false,
        "why": "one client can use the whole capacity of the services",
        "fix": "set it to true and choose limits"
    }]))]
    pub enabled: bool,
    /// Requests per window, and the maximum burst.
    pub requests: NonZeroU32,
    /// The length of the window.
    pub window: Timeout,
    /// The Redis that replicas share. Without it, each replica counts alone.
    pub redis: RateLimitStoreConfig,
}

impl Default for CallerLimitConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            requests: DEFAULT_REQUESTS,
            window: DEFAULT_WINDOW,
            redis: RateLimitStoreConfig::default(),
        }
    }
}
