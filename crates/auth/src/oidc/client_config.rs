use schemars::JsonSchema;
use seaworthy_core::{Secret, Timeout};
use seaworthy_service::StartError;
use serde::{Deserialize, Serialize};

use super::{OpenIdConfig, config::DEFAULT_TIMEOUT};

/// A provider at which applications begin logins, and their registrations there. Without client IDs
/// these logins are off.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OpenIdClientConfig {
    /// The issuer, exactly as in its metadata.
    #[schemars(extend("x-connects" = true))]
    pub issuer: String,
    /// The client IDs whose ID tokens are accepted. The first one is that of web pages, which send
    /// codes.
    pub client_ids: Vec<String>,
    /// The secret of the first client ID.
    #[serde(skip_serializing)]
    pub client_secret: Option<Secret<String>>,
    /// The addresses of web pages that receive codes, as registered at the provider.
    pub redirect_uris: Vec<String>,
    /// How long a login may wait for the provider.
    pub timeout: Timeout,
}

impl Default for OpenIdClientConfig {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            client_ids: Vec::new(),
            client_secret: None,
            redirect_uris: Vec::new(),
            timeout: DEFAULT_TIMEOUT,
        }
    }
}

impl OpenIdClientConfig {
    /// Returns the registration of the first client ID, or `None` without one. `name` is the section
    /// of the settings.
    pub(super) fn registration(&self, name: &str) -> Result<Option<OpenIdConfig>, StartError> {
        let Some(client_id) = self.client_ids.first().cloned() else {
            return Ok(None);
        };
        let redirect_uri = self.redirect_uris.first().cloned().ok_or_else(|| {
            StartError::new(format!(
                "{name}.redirect_uris must contain the addresses of the web pages"
            ))
        })?;
        Ok(Some(OpenIdConfig {
            issuer: self.issuer.clone(),
            client_id,
            client_secret: self.client_secret.clone(),
            redirect_uri,
            timeout: self.timeout,
            // Without the provider the service is degraded, because users can log in otherwise.
            critical: false,
            ..OpenIdConfig::default()
        }))
    }
}
