use schemars::JsonSchema;
use seaworthy_core::{Secret, Timeout};
use serde::{Deserialize, Serialize};

/// The default of `timeout`. A slower tracker is unavailable, and its reports are in the log.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(5);

/// External trackers that receive caught panics, 5xx responses with a cause and failed runs of
/// workers, in addition to the log.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ErrorTrackingConfig {
    /// The DSN of a project in Sentry or a compatible tracker:
    /// `https://public-key@tracker.internal/42`.
    #[serde(skip_serializing)]
    #[schemars(extend("x-connects" = true))]
    pub sentry_dsn: Option<Secret<String>>,
    /// A URL that receives each report as JSON. It is a secret, because such URLs contain tokens.
    #[serde(skip_serializing)]
    #[schemars(extend("x-connects" = true))]
    pub webhook_url: Option<Secret<String>>,
    /// The timeout of one report.
    pub timeout: Timeout,
}

impl Default for ErrorTrackingConfig {
    fn default() -> Self {
        Self {
            sentry_dsn: None,
            webhook_url: None,
            timeout: DEFAULT_TIMEOUT,
        }
    }
}
