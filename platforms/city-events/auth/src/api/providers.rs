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
    config::{AuthConfig, OauthConfig},
};

/// The provider that the contract has a login for.
pub(super) const GOOGLE: &str = "google";

/// The providers that people may log in by, and the web application that they come back to.
#[derive(Debug)]
pub(crate) struct Providers {
    google: Option<OpenIdLogin>,
    /// The origin of the web application.
    pub(super) frontend: String,
    allowed: Vec<LocalPath>,
}

/// Why somebody cannot log in by a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoProvider {
    /// There is none of this name.
    Unsupported,
    /// It has no credentials.
    NotConfigured,
}

impl NoProvider {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Unsupported => "unsupported_provider",
            Self::NotConfigured => "oauth_not_configured",
        }
    }
}

impl Providers {
    /// # Errors
    /// [`StartError`] for settings that cannot work.
    pub(super) fn new(
        service: &Assembly<AuthConfig>,
        accounts: &Arc<Accounts>,
    ) -> Result<Self, StartError> {
        let settings = service.settings();
        let config = &settings.oauth;
        let allowed = config.allowed_redirects.iter().map(|path| {
            path.parse().map_err(|error| {
                StartError::because(
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
                let login = OpenIdLogin::new(
                    GOOGLE,
                    google(config, client_id, client_secret),
                    service.http_client(GOOGLE)?,
                    key,
                    OverAllReplicas(accounts.logins.clone()),
                    service.metrics(),
                );
                let login = login.map_err(|error| {
                    StartError::because(
                        "the login by Google cannot use the settings oauth.*",
                        error,
                    )
                })?;
                // Users can log in with a password while the provider is down.
                service.health().register(login.health_check(GOOGLE, false));
                let keep_fresh = login.clone().keep_fresh();
                service.tasks().spawn_until_stop(GOOGLE, keep_fresh);
                Some(login)
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

    /// The names of those that are set up.
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.google.iter().map(|_| GOOGLE).collect()
    }

    /// The login by a provider of this name.
    ///
    /// # Errors
    /// [`NoProvider`].
    pub(super) fn named(&self, name: &str) -> Result<&OpenIdLogin, NoProvider> {
        if name != GOOGLE {
            return Err(NoProvider::Unsupported);
        }
        self.google.as_ref().ok_or(NoProvider::NotConfigured)
    }

    /// Where a login may end: at a page of the list, letter by letter, else at the first page.
    pub(super) fn destination(&self, wanted: Option<&str>) -> LocalPath {
        let mut allowed = self.allowed.iter();
        let found = allowed.find(|path| Some(path.as_str()) == wanted).cloned();
        found.unwrap_or_default()
    }
}

fn google(config: &OauthConfig, client_id: String, client_secret: Secret<String>) -> OpenIdConfig {
    let parameters = [("access_type", "offline"), ("prompt", "consent")];
    OpenIdConfig {
        issuer: config.google.issuer.clone(),
        client_id,
        client_secret: Some(client_secret),
        redirect_uri: config.callback_url.clone(),
        parameters: parameters
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        login_ttl: config.state_ttl,
        timeout: config.timeout,
        ..OpenIdConfig::default()
    }
}

/// What proves that it is this service, where it is registered at all. An empty text is none: so compose files pass on what nobody has set.
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

/// An origin and nothing behind it: what stands there is compared letter by letter with where a page comes from.
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

/// Remembers in the database which logins came back, so that one is good once wherever it comes back.
struct OverAllReplicas(ReplayGuard);

impl UsedLogins for OverAllReplicas {
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
    fn an_origin_has_nothing_behind_it_auth_4() {
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
    fn half_of_the_credentials_is_a_mistake_and_none_are_none_auth_4() {
        let of = |id: Option<&str>, secret: Option<&str>| {
            let mut config = OauthConfig::default();
            config.google.client_id = id.map(str::to_owned);
            config.google.client_secret = secret.map(|text| Secret::new(text.to_owned()));
            credentials(&config).map(|found| found.is_some()).ok()
        };
        assert_eq!(of(None, None), Some(false));
        assert_eq!(of(Some(""), Some("")), Some(false));
        assert_eq!(of(Some("a"), Some("b")), Some(true));
        assert_eq!(of(Some("a"), Some("")), None);
        assert_eq!(of(None, Some("b")), None);
    }
}
