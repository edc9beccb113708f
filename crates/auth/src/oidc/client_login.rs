use std::{fmt, sync::Arc};

use seaworthy_client::HttpClient;
use seaworthy_config::Settings;
use seaworthy_core::Secret;
use seaworthy_service::{Assembly, StartError};
use seaworthy_telemetry::metrics::{Counter, Family, Metrics};

use super::{
    OpenIdClientConfig, OpenIdConfig, OpenIdConfigError, OpenIdError, OpenIdIdentity,
    exchange::Code,
    login::{in_time, outcomes},
    provider::{Provider, invalid},
};

/// Identifies users whose application began the login at the provider itself: by the ID token, or
/// by the code with its PKCE verifier. Cheap to clone.
///
/// An [`OpenIdLogin`](super::OpenIdLogin) protects more, because the service itself compares state
/// and nonce. Use this for applications that cannot follow its redirects. Any holder of an ID token
/// can send it until it expires, so a client must not store it.
///
/// ```
/// use seaworthy_auth::oidc::{OpenIdClientConfig, OpenIdClientLogin};
/// use seaworthy_service::{Assembly, NoSettings, StartError};
///
/// fn assemble(
///     service: &Assembly<NoSettings>,
///     config: &OpenIdClientConfig,
/// ) -> Result<Option<OpenIdClientLogin>, StartError> {
///     OpenIdClientLogin::connect(service, "google", config)
/// }
/// ```
#[derive(Clone)]
pub struct OpenIdClientLogin(Arc<Inner>);

struct Inner {
    provider: Arc<Provider>,
    redirect_uris: Vec<String>,
    outcomes: Family<Counter>,
}

impl OpenIdClientLogin {
    /// Creates a login by a provider, and fetches its metadata and keys in the background until the
    /// stop of the service. The service becomes ready when it has them, or readiness says why they
    /// are missing (LIFE-3).
    ///
    /// `name` is the section of the settings, the name of the HTTP client, and the name of the
    /// provider in metrics and in readiness. Returns `None` without client IDs.
    ///
    /// # Errors
    /// [`StartError`] for invalid settings.
    pub fn connect<C: Settings>(
        service: &Assembly<C>,
        name: &str,
        config: &OpenIdClientConfig,
    ) -> Result<Option<Self>, StartError> {
        let Some(registration) = config.registration(name)? else {
            service.declare_http_client(name);
            return Ok(None);
        };
        let client = service.http_client_builder(name).build()?;
        let more = config.client_ids.iter().skip(1).cloned();
        let redirect_uris = config.redirect_uris.clone();
        let metrics = service.metrics();
        let login = Self::new(name, registration, more, redirect_uris, client, metrics);
        let login = login.map_err(|error| invalid(name, error))?;
        login.0.provider.load_before_ready(service, name);
        Ok(Some(login))
    }

    /// Creates a login that fetches the metadata and keys when they are first needed, for tests.
    /// Tokens for `client_id` of the settings and for `more_client_ids`, such as those of mobile
    /// applications, are accepted. Codes belong to `client_id`.
    ///
    /// # Errors
    /// [`OpenIdConfigError`] for invalid settings.
    #[doc(hidden)]
    pub fn new(
        name: &str,
        config: OpenIdConfig,
        more_client_ids: impl IntoIterator<Item = String>,
        redirect_uris: Vec<String>,
        client: HttpClient,
        metrics: &Metrics,
    ) -> Result<Self, OpenIdConfigError> {
        let provider = Arc::new(Provider::new(config, more_client_ids, client, metrics)?);
        Ok(Self(Arc::new(Inner {
            provider,
            redirect_uris,
            outcomes: outcomes(name, metrics),
        })))
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

    /// Exchanges a code that an application received at one of the addresses in the settings.
    ///
    /// # Errors
    /// [`OpenIdError::RedirectUri`] for another address, or [`OpenIdError`] with the first check
    /// that fails.
    pub async fn exchange_code(
        &self,
        code: &Secret<String>,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<OpenIdIdentity, OpenIdError> {
        if !self.0.redirect_uris.iter().any(|uri| uri == redirect_uri) {
            return Err(OpenIdError::RedirectUri);
        }
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
