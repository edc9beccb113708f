use std::{fmt, sync::Arc};

use seaworthy_client::HttpClient;
use seaworthy_core::Secret;
use seaworthy_health::Probe;
use seaworthy_telemetry::metrics::{Counter, Family, Metrics};

use super::{
    OpenIdConfig, OpenIdConfigError, OpenIdError, OpenIdIdentity,
    exchange::Code,
    login::{in_time, outcomes},
    provider::Provider,
};

/// Identifies users whose application began the login at the provider itself: by the ID token, or
/// by the code with its PKCE verifier. Cheap to clone.
///
/// An [`OpenIdLogin`](super::OpenIdLogin) protects more, because the service itself compares state
/// and nonce. Use this for applications that cannot follow its redirects. Any holder of an ID token
/// can send it until it expires, so a client must not store it.
#[derive(Clone)]
pub struct OpenIdClientLogin(Arc<Inner>);

struct Inner {
    provider: Provider,
    outcomes: Family<Counter>,
}

impl OpenIdClientLogin {
    /// Creates a login by a provider. It does not send requests yet.
    ///
    /// `name` is the name of the provider in metrics. Tokens for `client_id` of the settings and
    /// for `more_client_ids`, such as those of mobile applications, are accepted. Codes belong to
    /// `client_id`.
    ///
    /// # Errors
    /// [`OpenIdConfigError`] for invalid settings.
    pub fn new(
        name: &str,
        config: OpenIdConfig,
        more_client_ids: impl IntoIterator<Item = String>,
        client: HttpClient,
        metrics: &Metrics,
    ) -> Result<Self, OpenIdConfigError> {
        let provider = Provider::new(config, more_client_ids, client, metrics)?;
        Ok(Self(Arc::new(Inner {
            provider,
            outcomes: outcomes(name, metrics),
        })))
    }

    /// Fetches the provider's metadata and keys immediately, and again when they are due. It never
    /// returns: spawn it until the stop of the service.
    pub async fn keep_fresh(self) {
        self.0.provider.keep_fresh().await;
    }

    /// Returns a health check that fails while the provider's metadata or keys are missing.
    #[must_use]
    pub fn health_check(&self, name: impl Into<Arc<str>>, critical: bool) -> Probe {
        let login = self.clone();
        Probe::from_fn(name, critical, move || login.0.provider.check())
    }

    /// Verifies an ID token.
    ///
    /// # Errors
    /// [`OpenIdError`] with the first check that fails.
    pub async fn verify_id_token(
        &self,
        id_token: &Secret<String>,
    ) -> Result<OpenIdIdentity, OpenIdError> {
        let provider = &self.0.provider;
        self.counted(async {
            let state = provider.state().await?;
            provider.identity_of_token(&state, id_token).await
        })
        .await
    }

    /// Exchanges a code. The caller has compared `redirect_uri` with a list of allowed addresses.
    ///
    /// # Errors
    /// [`OpenIdError`] with the first check that fails.
    pub async fn exchange_code(
        &self,
        code: &Secret<String>,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<OpenIdIdentity, OpenIdError> {
        let provider = &self.0.provider;
        let code = Code {
            code,
            redirect_uri,
            verifier,
        };
        self.counted(async {
            let state = provider.state().await?;
            provider.identity_of_code(&state, code, None).await
        })
        .await
    }

    async fn counted(
        &self,
        login: impl Future<Output = Result<OpenIdIdentity, OpenIdError>>,
    ) -> Result<OpenIdIdentity, OpenIdError> {
        let result = in_time(&self.0.provider.config, login).await;
        let outcome = result
            .as_ref()
            .map_or_else(OpenIdError::reason, |_| "SUCCESS");
        self.0.outcomes.get_or_create(outcome).increment();
        result
    }
}

impl fmt::Debug for OpenIdClientLogin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OpenIdClientLogin")
            .field("provider", &self.0.provider.config.issuer)
            .finish()
    }
}
