use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::AllowedAddress;

/// Access to the OpenAPI document and its page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OpenApiConfig {
    /// Whether the public listener serves the document. Not set: in development and test only.
    pub enabled: Option<bool>,
    /// The path in front of the document, such as /q. The page is then at /q/ and the document at
    /// /q/openapi.json. Empty: /docs and /openapi.json.
    pub prefix: String,
    /// The client IPs that may read the document, as ranges such as 10.0.0.0/8, or `*`. Empty: all.
    pub allowed_addresses: Vec<AllowedAddress>,
    /// Whether only authenticated callers may read the document. Not set: outside of development
    /// and test.
    pub authenticated: Option<bool>,
    /// The permissions that a caller needs, all of them.
    pub scopes: Vec<String>,
    /// The caller needs one of these roles.
    pub roles: Vec<String>,
}
