use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::Deserialize;

/// Where most issuers have it.
const PATH: &str = "/.well-known/jwks.json";
/// Keys rotate in days; a key that was taken back must be forgotten in minutes.
const REFRESH_INTERVAL: Timeout = Timeout::from_secs(300);
/// A new key is there soon, and who invents keys costs the issuer two requests a minute.
const DEMAND_INTERVAL: Timeout = Timeout::from_secs(30);
/// An issuer is repaired within a day; keys that are older may have been taken back without our knowing.
const MAX_STALE: Timeout = Timeout::from_secs(24 * 60 * 60);

/// How a key set is kept fresh.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct JwksConfig {
    /// The path of the key set, below the address of the client that fetches it; with a client that has none, the whole address.
    pub path: String,
    /// How often the keys are asked for in the background.
    pub refresh_interval: Timeout,
    /// The shortest time between two times that an unknown key, or none at all, makes them be asked for; also how long after a failure it is tried again.
    pub demand_interval: Timeout,
    /// How long keys are used that could not be asked for again. After it nothing is believed.
    pub max_stale: Timeout,
}

impl Default for JwksConfig {
    fn default() -> Self {
        Self {
            path: PATH.to_owned(),
            refresh_interval: REFRESH_INTERVAL,
            demand_interval: DEMAND_INTERVAL,
            max_stale: MAX_STALE,
        }
    }
}
