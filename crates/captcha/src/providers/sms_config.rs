use schemars::JsonSchema;
use seaworthy_core::Secret;
use serde::{Deserialize, Serialize};

/// The address of MSG91.
const DEFAULT_URL: &str = "https://control.msg91.com";

/// Messages to telephones.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SmsConfig {
    /// The provider.
    pub provider: SmsProvider,
    /// The address of MSG91.
    #[schemars(url, extend("x-link" = true))]
    pub url: String,
    /// The authentication key at MSG91.
    #[serde(skip_serializing)]
    pub auth_key: Option<Secret<String>>,
    /// The ID of the template at MSG91.
    pub template_id: Option<String>,
}

/// The provider of messages to telephones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SmsProvider {
    /// There is no provider. The routes of codes by SMS respond with 503.
    #[default]
    Off,
    /// The log shows the codes. Only the profile `development` accepts it.
    Log,
    /// MSG91 sends the codes.
    Msg91,
}

impl Default for SmsConfig {
    fn default() -> Self {
        Self {
            provider: SmsProvider::Off,
            url: DEFAULT_URL.to_owned(),
            auth_key: None,
            template_id: None,
        }
    }
}
