use std::{sync::Arc, time::Duration};

use futures::future::{BoxFuture, FutureExt as _};
use seaworthy::{
    account::ReplayGuard,
    auth::oidc::{LocalPath, OpenIdConfig, OpenIdLogin, UsedLogins},
    config::Profile,
    prelude::*,
};

use crate::{
    accounts::Accounts,
    config::{AuthConfig, DEFAULT_GOOGLE, OauthConfig},
};

/// The provider of the contract.
pub(super) const GOOGLE: &str = "google";

/// The login page in Google's metadata.
const GOOGLE_LOGIN_PAGE: &str = "https://accounts.google.com/o/oauth2/v2/auth";

/// The configured providers, and the web application that receives the results.
#[derive(Debug)]
pub(crate) struct Providers {
    google: Option<OpenIdLogin>,
    pub(super) frontend: String,
    allowed: Vec<LocalPath>,
}

/// Errors of a provider name in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProviderError {
    /// No provider has this name.
    Unsupported,
    /// The provider has no credentials.
    NotConfigured,
}

impl ProviderError {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Unsupported => "unsupported_provider",
            Self::NotConfigured => "oauth_not_configured",
        }
    }
}

impl Providers {
    /// # Errors
    /// [`StartError`] for invalid settings.
    pub(super) fn new(
        service: &Assembly<AuthConfig>,
        accounts: &Arc<Accounts>,
    ) -> Result<Self, StartError> {
        let settings = service.settings();
        let config = &settings.oauth;
        let allowed = config.allowed_redirects.iter().map(|path| {
            path.parse().map_err(|error| {
                StartError::with_cause(
                    format!("oauth.allowed_redirects contains the invalid path {path}"),
                    error,
                )
            })
        });
        let google = match credentials(config)? {
            Some((client_id, client_secret)) => {
                let is_plain = config.callback_url.starts_with("http://");
                if is_plain && service.profile() == Profile::Production {
                    return Err(StartError::new(
                        "oauth.callback_url must begin with https:// in production",
                    ));
                }
                let key = settings.jwt.secret.as_ref().ok_or_else(|| {
                    StartError::new(
                        "jwt.secret must be set: it encrypts the cookies of logins by a provider",
                    )
                })?;
                let used = SharedUsedLogins(accounts.logins.clone());
                let provider = google(config, client_id, client_secret);
                Some(OpenIdLogin::connect(service, GOOGLE, provider, key, used)?)
            }
            None => {
                service.declare_http_client(GOOGLE);
                None
            }
        };
        Ok(Self {
            google,
            frontend: origin(&config.frontend_origin)?,
            allowed: allowed.collect::<Result<_, _>>()?,
        })
    }

    /// Returns the names of the configured providers.
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.google.iter().map(|_| GOOGLE).collect()
    }

    /// Returns the login by the provider of this name.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub(super) fn get(&self, name: &str) -> Result<&OpenIdLogin, ProviderError> {
        if name != GOOGLE {
            return Err(ProviderError::Unsupported);
        }
        self.google.as_ref().ok_or(ProviderError::NotConfigured)
    }

    /// Returns the requested path if it equals an allowed path, and `/` otherwise.
    pub(super) fn destination(&self, requested: Option<&str>) -> LocalPath {
        let mut allowed = self.allowed.iter();
        let found = allowed
            .find(|path| Some(path.as_str()) == requested)
            .cloned();
        found.unwrap_or_default()
    }
}

fn google(config: &OauthConfig, client_id: String, client_secret: Secret<String>) -> OpenIdConfig {
    let parameters = [("access_type", "offline"), ("prompt", "consent")];
    // Logins begin at the login page also while Google's metadata are not available.
    let endpoint = (config.google.issuer == DEFAULT_GOOGLE).then(|| GOOGLE_LOGIN_PAGE.to_owned());
    OpenIdConfig {
        issuer: config.google.issuer.clone(),
        authorization_endpoint: endpoint,
        client_id,
        client_secret: Some(client_secret),
        redirect_uri: config.callback_url.clone(),
        parameters: parameters
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        login_ttl: config.state_ttl,
        timeout: config.timeout,
        // Users can log in with a password while the provider is down.
        critical: false,
        ..OpenIdConfig::default()
    }
}

/// Returns the client credentials. An empty text counts as unset, because compose files pass unset
/// variables as empty texts.
fn credentials(config: &OauthConfig) -> Result<Option<(String, Secret<String>)>, StartError> {
    let id = config.google.client_id.clone().filter(|id| !id.is_empty());
    let secret = config.google.client_secret.clone();
    let secret = secret.filter(|secret| !secret.expose().is_empty());
    match (id, secret) {
        (Some(id), Some(secret)) => Ok(Some((id, secret))),
        (None, None) => Ok(None),
        _ => Err(StartError::new(
            "set both oauth.google.client_id and oauth.google.client_secret, or neither",
        )),
    }
}

/// Checks that a text is an origin in its canonical form. Browsers compare origins exactly.
fn origin(text: &str) -> Result<String, StartError> {
    let is_origin = url::Url::parse(text)
        .is_ok_and(|url| url.has_host() && url.origin().ascii_serialization() == text);
    if !is_origin {
        return Err(StartError::new(format!(
            "oauth.frontend_origin must be an origin such as https://events.example.org: {text}"
        )));
    }
    Ok(text.to_owned())
}

/// Stores used logins in the database, so that a login cannot be used again at another replica.
struct SharedUsedLogins(ReplayGuard);

impl UsedLogins for SharedUsedLogins {
    fn is_used(&self, login: String) -> BoxFuture<'static, Result<bool, Error>> {
        let guard = self.0.clone();
        async move { guard.is_used(&login).await }.boxed()
    }

    fn mark(&self, login: String, life: Duration) -> BoxFuture<'static, Result<bool, Error>> {
        let guard = self.0.clone();
        async move { guard.record(&login, life).await }.boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frontend_origin_must_be_canonical_auth_4() {
        for text in ["https://events.example.org", "http://localhost:3000"] {
            assert_eq!(origin(text).unwrap(), text);
        }
        for text in [
            "",
            "*",
            "null",
            "https://events.example.org/",
            "https://events.example.org/app",
            "https://EVENTS.example.org",
            "https://events.example.org:443",
            "javascript:alert(1)",
            "events.example.org",
        ] {
            assert!(origin(text).is_err(), "{text}");
        }
    }

    #[test]
    fn partial_google_credentials_fail_auth_4() {
        let parse = |id: Option<&str>, secret: Option<&str>| {
            let mut config = OauthConfig::default();
            config.google.client_id = id.map(str::to_owned);
            config.google.client_secret = secret.map(|text| Secret::new(text.to_owned()));
            credentials(&config).map(|found| found.is_some()).ok()
        };
        assert_eq!(parse(None, None), Some(false));
        assert_eq!(parse(Some(""), Some("")), Some(false));
        assert_eq!(parse(Some("a"), Some("b")), Some(true));
        assert_eq!(parse(Some("a"), Some("")), None);
        assert_eq!(parse(None, Some("b")), None);
    }
}
