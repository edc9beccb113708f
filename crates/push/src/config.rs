use schemars::JsonSchema;
use seaworthy_core::Secret;
use serde::{Deserialize, Serialize};

/// The audience that Google expects in assertions of service accounts.
const DEFAULT_TOKEN_URI: &str = "https://oauth2.googleapis.com/token";

/// Firebase Cloud Messaging, by version 1 of its HTTP interface at `clients.fcm.base_url`. Access
/// tokens come from `clients.google_tokens.base_url`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FcmConfig {
    /// Whether push by Firebase is enabled. Then the other settings are required.
    pub enabled: bool,
    /// The ID of the Firebase project.
    pub project_id: String,
    /// The e-mail address of the service account.
    #[schemars(extend("x-reloadable" = true))]
    pub client_email: String,
    /// The ID of the private key of the service account.
    #[schemars(extend("x-reloadable" = true))]
    pub private_key_id: String,
    /// The private key of the service account in PEM (PKCS #8, RSA).
    #[serde(skip_serializing)]
    #[schemars(extend("x-reloadable" = true))]
    pub private_key: Option<Secret<String>>,
    /// The audience of assertions, the field `token_uri` of the key file.
    pub token_uri: String,
}

impl Default for FcmConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            project_id: String::new(),
            client_email: String::new(),
            private_key_id: String::new(),
            private_key: None,
            token_uri: DEFAULT_TOKEN_URI.to_owned(),
        }
    }
}

/// The Apple Push Notification service, at `clients.apns.base_url` over HTTP/2.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ApnsConfig {
    /// Whether push by Apple is enabled. Then the other settings are required.
    pub enabled: bool,
    /// The ID of the team.
    pub team_id: String,
    /// The ID of the key.
    #[schemars(extend("x-reloadable" = true))]
    pub key_id: String,
    /// The bundle ID of the application, which Apple calls topic.
    pub topic: String,
    /// The private key in PEM (PKCS #8, P-256), the file `.p8`.
    #[serde(skip_serializing)]
    #[schemars(extend("x-reloadable" = true))]
    pub private_key: Option<Secret<String>>,
}
