use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// The default of `path`, which most issuers use.
const DEFAULT_PATH: &str = "/.well-known/jwks.json";
/// The default of `refresh_interval`. A revoked key must become invalid within minutes.
const DEFAULT_REFRESH_INTERVAL: Timeout = Timeout::from_secs(300);
/// The default of `min_refresh_interval`, the maximum wait for a new key. Invented keys cost the
/// issuer one request per second and replica.
const DEFAULT_MIN_REFRESH_INTERVAL: Timeout = Timeout::from_secs(1);
/// The default of `max_stale`. Operators repair an issuer within a day, and keys may be revoked.
const DEFAULT_MAX_STALE: Timeout = Timeout::from_secs(24 * 60 * 60);

/// How a key set is fetched and refreshed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct JwksConfig {
    /// The path of the key set below the `base_url` of the client, or the whole URL if the client
    /// has none.
    pub path: String,
    /// How often the background task fetches the keys.
    pub refresh_interval: Timeout,
    /// The minimum time between two fetches that tokens with unknown keys trigger. Such tokens wait
    /// for the next fetch.
    pub min_refresh_interval: Timeout,
    /// How long keys stay valid after the last successful fetch, including the time for which the
    /// machine was suspended.
    pub max_stale: Timeout,
    /// Whether the service is ready only while it has valid keys. Otherwise it is degraded without
    /// them.
    pub critical: bool,
}

impl Default for JwksConfig {
    fn default() -> Self {
        Self {
            path: DEFAULT_PATH.to_owned(),
            refresh_interval: DEFAULT_REFRESH_INTERVAL,
            min_refresh_interval: DEFAULT_MIN_REFRESH_INTERVAL,
            max_stale: DEFAULT_MAX_STALE,
            critical: true,
        }
    }
}
