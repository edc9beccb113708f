use std::fmt;

use seaworthy::{
    auth::oidc::{OpenIdClientLogin, OpenIdConfig, OpenIdError, OpenIdIdentity},
    config::Settings,
    prelude::*,
};

use crate::{GoogleConfig, errors, invalid};

/// The name of the provider in settings, metrics and probes.
const NAME: &str = "google";

/// Logins by Google.
#[derive(Clone)]
pub(crate) struct Google {
    login: OpenIdClientLogin,
    redirect_uris: Vec<String>,
}

impl fmt::Debug for Google {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Google")
    }
}

impl Google {
    /// Returns `None` without a client ID.
    ///
    /// # Errors
    /// The settings are invalid.
    pub(crate) fn new<C: Settings>(
        service: &Assembly<C>,
        config: &GoogleConfig,
    ) -> Result<Option<Self>, StartError> {
        let mut ids = config.client_ids.iter().cloned();
        let Some(client_id) = ids.next() else {
            service.declare_http_client(NAME);
            return Ok(None);
        };
        let redirect_uri = config.redirect_uris.first().cloned();
        let settings = OpenIdConfig {
            issuer: config.issuer.clone(),
            client_id,
            client_secret: config.client_secret.clone(),
            redirect_uri: redirect_uri.ok_or_else(|| {
                StartError::new("google.redirect_uris must contain the addresses of the web pages")
            })?,
            timeout: config.timeout,
            // Users can log in with a password while Google is unavailable.
            critical: false,
            ..OpenIdConfig::default()
        };
        Ok(Some(Self {
            login: OpenIdClientLogin::connect(service, NAME, settings, ids)?,
            redirect_uris: config.redirect_uris.clone(),
        }))
    }

    /// Verifies an ID token.
    ///
    /// # Errors
    /// `TOKEN_INVALID`, and `SERVICE_DEGRADED` while Google is unavailable.
    pub(crate) async fn verify_id_token(
        &self,
        id_token: &Secret<String>,
    ) -> Result<OpenIdIdentity, Error> {
        self.login
            .verify_id_token(id_token)
            .await
            .map_err(google_error)
    }

    /// Exchanges an authorization code of a page whose redirect URI is allowed.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` for another address, `TOKEN_INVALID`, and `SERVICE_DEGRADED` while Google
    /// is unavailable.
    pub(crate) async fn exchange_code(
        &self,
        code: &Secret<String>,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<OpenIdIdentity, Error> {
        if !self.redirect_uris.iter().any(|uri| uri == redirect_uri) {
            let problem = "must be one of the registered redirect URIs";
            return Err(invalid("redirectUri", problem));
        }
        let identity = self.login.exchange_code(code, redirect_uri, verifier).await;
        identity.map_err(google_error)
    }
}

/// Errors of Google, with the codes of the interface.
fn google_error(error: OpenIdError) -> Error {
    if error.is_transient() {
        return errors::google_unavailable(error);
    }
    Error::new(Code::Unauthenticated, "TOKEN_INVALID", error.to_string()).with_cause(error)
}
