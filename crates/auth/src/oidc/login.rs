use std::{fmt, sync::Arc};

use http::{HeaderMap, HeaderValue};
use seaworthy_client::HttpClient;
use seaworthy_config::Settings;
use seaworthy_core::Secret;
use seaworthy_http::cookie::{HostCookie, InvalidCookie};
use seaworthy_service::{Assembly, StartError};
use seaworthy_telemetry::metrics::{Counter, Family, Metrics};

use super::{
    LocalPath, OpenIdConfig, OpenIdConfigError, OpenIdError, OpenIdIdentity, UsedLogins,
    callback::Callback,
    exchange::Code,
    in_flight::InFlight,
    pending::{LoginCipher, PendingLogin},
    provider::{Provider, invalid},
};

/// Maximum number of outcomes as label values, more than this module has.
const MAX_OUTCOMES: usize = 32;
const MAX_NAME_LENGTH: usize = 32;

/// Logs users in by one provider. Cheap to clone. All clones share the metadata and keys of the
/// provider.
///
/// The HTTP client needs no `base_url`, because the endpoints may be on several hosts. Set its
/// `propagation` to `none`, so that the client does not send the request context to the provider.
/// The cookie is `Secure` with the prefix `__Host-`, unless the callback is a plain HTTP URL on
/// this machine.
#[derive(Clone)]
pub struct OpenIdLogin(Arc<Inner>);

struct Inner {
    provider: Arc<Provider>,
    cipher: LoginCipher,
    /// `SameSite=Lax`, because the callback is a navigation that another site starts.
    cookie: HostCookie,
    used: Arc<dyn UsedLogins>,
    in_flight: InFlight,
    outcomes: Family<Counter>,
}

/// The redirect to the provider.
#[derive(Debug)]
pub struct LoginRedirect {
    /// The `Location` header.
    pub location: HeaderValue,
    /// The `Set-Cookie` header with the encrypted values of this login.
    pub cookie: HeaderValue,
}

/// A completed login.
#[derive(Debug)]
pub struct CompletedLogin {
    /// The identity of the user at the provider.
    pub identity: OpenIdIdentity,
    /// The target path after the login.
    pub return_to: LocalPath,
    /// The `Set-Cookie` header that removes the login cookie.
    pub cookie: HeaderValue,
}

impl OpenIdLogin {
    /// Creates a login by a provider, and fetches its metadata and keys in the background until the
    /// stop of the service. The service becomes ready when it has them, or readiness says why they
    /// are missing (LIFE-3).
    ///
    /// `name` is the name of the HTTP client, and of the provider in the cookie, in metrics and in
    /// readiness. `cookie_key` encrypts the login cookie and must have at least 32 bytes. It may
    /// serve other purposes.
    ///
    /// # Errors
    /// [`StartError`] for invalid settings.
    pub fn connect<C: Settings>(
        service: &Assembly<C>,
        name: &str,
        config: OpenIdConfig,
        cookie_key: &Secret<String>,
        used: impl UsedLogins,
    ) -> Result<Self, StartError> {
        let client = service.http_client_builder(name).build()?;
        let login = Self::new(name, config, client, cookie_key, used, service.metrics());
        let login = login.map_err(|error| invalid(name, error))?;
        login.0.provider.load_before_ready(service, name);
        Ok(login)
    }

    /// Creates a login that fetches the metadata and keys when they are first needed, for tests.
    ///
    /// # Errors
    /// [`OpenIdConfigError`] for invalid settings.
    #[doc(hidden)]
    pub fn new(
        name: &str,
        config: OpenIdConfig,
        client: HttpClient,
        cookie_key: &Secret<String>,
        used: impl UsedLogins,
        metrics: &Metrics,
    ) -> Result<Self, OpenIdConfigError> {
        let is_name = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
        if name.is_empty() || name.len() > MAX_NAME_LENGTH || !name.bytes().all(is_name) {
            return Err(OpenIdConfigError::Name);
        }
        let cipher = LoginCipher::new(cookie_key, name)?;
        // `OpenIdConfig::check` accepts plain HTTP only on this machine.
        let is_plain = config.redirect_uri.starts_with("http://");
        let provider = Arc::new(Provider::new(config, [], client, metrics)?);
        Ok(Self(Arc::new(Inner {
            provider,
            cipher,
            cookie: login_cookie(name, is_plain),
            used: Arc::new(used),
            in_flight: InFlight::default(),
            outcomes: outcomes(name, metrics),
        })))
    }

    /// Begins a login that ends at `return_to`.
    ///
    /// # Errors
    /// [`OpenIdError`] if the metadata of the provider are not available.
    pub async fn begin(&self, return_to: LocalPath) -> Result<LoginRedirect, OpenIdError> {
        let inner = &*self.0;
        let config = &inner.provider.config;
        let mut address = match inner.provider.known_authorization_endpoint() {
            Some(address) => address,
            None => {
                let state = in_time(config, inner.provider.state()).await?;
                state.metadata.authorization_endpoint.clone()
            }
        };
        let login =
            PendingLogin::new(return_to, config.login_ttl.get()).map_err(OpenIdError::Failed)?;
        address
            .query_pairs_mut()
            .extend_pairs(&config.parameters)
            .append_pair("client_id", &config.client_id)
            .append_pair("code_challenge", &login.challenge())
            .append_pair("code_challenge_method", "S256")
            .append_pair("nonce", &login.nonce)
            .append_pair("redirect_uri", &config.redirect_uri)
            .append_pair("response_type", "code")
            .append_pair("scope", &config.scopes.join(" "))
            .append_pair("state", &login.state);
        let value = inner.cipher.encrypt(&login).map_err(OpenIdError::Failed)?;
        let location = HeaderValue::try_from(address.as_str());
        Ok(LoginRedirect {
            location: location.map_err(|_| {
                OpenIdError::InvalidResponse("the URL of its login page is invalid")
            })?,
            cookie: inner
                .cookie
                .set(&value, config.login_ttl.get())
                .map_err(openid_error)?,
        })
    }

    /// Completes a login. `headers` and `query` are those of the callback.
    ///
    /// # Errors
    /// [`OpenIdError`] with the first check that fails.
    pub async fn finish(
        &self,
        headers: &HeaderMap,
        query: Option<&str>,
    ) -> Result<CompletedLogin, OpenIdError> {
        let inner = &*self.0;
        let finished = inner.finish(headers, query.unwrap_or_default()).await;
        let outcome = finished
            .as_ref()
            .map_or_else(OpenIdError::reason, |_| "SUCCESS");
        inner.outcomes.get_or_create(outcome).increment();
        finished
    }
}

impl Inner {
    async fn finish(
        &self,
        headers: &HeaderMap,
        query: &str,
    ) -> Result<CompletedLogin, OpenIdError> {
        let callback = Callback::parse(query)?;
        let login = self
            .cookie
            .read(headers)
            .and_then(|value| self.cipher.decrypt(value));
        let login = login
            .filter(|login| login.has_state(&callback.state))
            .ok_or(OpenIdError::State)?;
        login.time_left().ok_or(OpenIdError::State)?;
        let _in_flight = self.in_flight.enter(login.id()).ok_or(OpenIdError::Used)?;
        let is_used = self.used.is_used(login.id()).await;
        if is_used.map_err(OpenIdError::Failed)? {
            return Err(OpenIdError::Used);
        }
        let identity = in_time(&self.provider.config, self.identity(&callback, &login)).await?;
        // The exchange takes time. If the login has expired during the exchange, a mark would have
        // no lifetime.
        let time_left = login.time_left().ok_or(OpenIdError::State)?;
        let marked = self.used.mark(login.id(), time_left).await;
        if !marked.map_err(OpenIdError::Failed)? {
            return Err(OpenIdError::Used);
        }
        Ok(CompletedLogin {
            identity,
            return_to: login.return_to,
            cookie: self.cookie.clear().map_err(openid_error)?,
        })
    }

    async fn identity(
        &self,
        callback: &Callback,
        login: &PendingLogin,
    ) -> Result<OpenIdIdentity, OpenIdError> {
        let config = &self.provider.config;
        // Compare the issuer of the response before using the code.
        if callback
            .issuer
            .as_ref()
            .is_some_and(|issuer| *issuer != config.issuer)
        {
            return Err(OpenIdError::Issuer);
        }
        let state = self.provider.state().await?;
        if callback.issuer.is_none()
            && state
                .metadata
                .authorization_response_iss_parameter_supported
        {
            return Err(OpenIdError::Issuer);
        }
        let code = callback
            .outcome
            .as_ref()
            .map_err(|rejection| OpenIdError::Rejected(*rejection))?;
        let code = Code {
            code,
            redirect_uri: &config.redirect_uri,
            verifier: &login.verifier,
        };
        let provider = &self.provider;
        provider
            .identity_of_code(&state, code, Some(&login.nonce))
            .await
    }
}

/// Returns the counts of logins by a provider, by their outcome.
pub(super) fn outcomes(name: &str, metrics: &Metrics) -> Family<Counter> {
    let (metrics, label) = (metrics.clone(), name.to_owned());
    Family::new(MAX_OUTCOMES, move |outcome| {
        let labels = [("outcome", outcome), ("provider", label.as_str())];
        metrics.counter(
            "openid_logins_total",
            "Completed and failed logins by a provider.",
            &labels,
        )
    })
}

/// Returns the cookie with the encrypted values of a login.
fn login_cookie(provider: &str, is_plain: bool) -> HostCookie {
    let name = format!("openid_{provider}");
    if is_plain {
        HostCookie::insecure(&name)
    } else {
        HostCookie::new(&name)
    }
}

fn openid_error(error: InvalidCookie) -> OpenIdError {
    OpenIdError::Failed(error.into())
}

pub(super) async fn in_time<T>(
    config: &OpenIdConfig,
    step: impl Future<Output = Result<T, OpenIdError>>,
) -> Result<T, OpenIdError> {
    match tokio::time::timeout(config.timeout.get(), step).await {
        Ok(outcome) => outcome,
        Err(_) => Err(OpenIdError::TimedOut),
    }
}

impl fmt::Debug for OpenIdLogin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OpenIdLogin")
            .field("issuer", &self.0.provider.config.issuer)
            .finish_non_exhaustive()
    }
}
