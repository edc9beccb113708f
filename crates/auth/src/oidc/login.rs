use std::{fmt, sync::Arc};

use http::{HeaderMap, HeaderValue};
use seaworthy_client::HttpClient;
use seaworthy_core::Secret;
use seaworthy_health::Probe;
use seaworthy_http::cookie::{HostCookie, InvalidCookie};
use seaworthy_telemetry::metrics::{Counter, Family, Metrics};
use serde_json::{Map, Value};

use super::{
    LocalPath, OpenIdConfig, OpenIdConfigError, OpenIdError, OpenIdIdentity, UsedLogins,
    callback::Callback,
    exchange::{Tokens, exchange},
    id_token,
    identity::About,
    in_flight::InFlight,
    pending::{PendingLogin, Seal},
    provider::{Known, Provider},
};
use crate::token::VerifiedToken;

/// Reasons come from this module alone.
const MOST_OUTCOMES: usize = 32;
const LONGEST_NAME: usize = 32;

/// Logs people in by one provider. Cheap to clone; all clones share what is known of the provider.
///
/// The client has no `base_url`, since providers spread over several hosts, and should tell strangers nothing of the request (`propagation: none`).
/// The cookie is `Secure` and has `__Host-` before its name, but where the callback is on this machine without TLS.
#[derive(Clone)]
pub struct OpenIdLogin(Arc<Inner>);

struct Inner {
    provider: Provider,
    seal: Seal,
    /// `SameSite=Lax`, because the callback is a navigation that another site starts.
    cookie: HostCookie,
    used: Arc<dyn UsedLogins>,
    in_flight: InFlight,
    outcomes: Family<Counter>,
}

/// Where the browser goes, and what it carries.
#[derive(Debug)]
pub struct LoginRedirect {
    /// `Location` of the redirect to the provider.
    pub location: HeaderValue,
    /// `Set-Cookie` with the values of this login.
    pub cookie: HeaderValue,
}

/// Somebody is who the provider says.
#[derive(Debug)]
pub struct CompletedLogin {
    /// Who.
    pub identity: OpenIdIdentity,
    /// Where they wanted to go.
    pub return_to: LocalPath,
    /// `Set-Cookie` that removes the cookie of the login.
    pub cookie: HeaderValue,
}

impl OpenIdLogin {
    /// A provider under a name of this service's own, with the secret that cookies are sealed by (32 bytes at least; it may serve other purposes) and whoever remembers which logins came
    /// back. Nothing is asked of the provider yet.
    ///
    /// # Errors
    /// [`OpenIdConfigError`] for settings that cannot work.
    pub fn new(
        name: &str,
        config: OpenIdConfig,
        client: HttpClient,
        cookie_key: &Secret<String>,
        used: impl UsedLogins,
        metrics: &Metrics,
    ) -> Result<Self, OpenIdConfigError> {
        let is_name = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
        if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(is_name) {
            return Err(OpenIdConfigError::Name);
        }
        let seal = Seal::new(cookie_key, name)?;
        // By a redirect address without TLS, which is taken on this machine alone.
        let is_plain = config.redirect_uri.starts_with("http://");
        let provider = Provider::new(config, client, metrics)?;
        let (metrics, label) = (metrics.clone(), name.to_owned());
        Ok(Self(Arc::new(Inner {
            provider,
            seal,
            cookie: login_cookie(name, is_plain),
            used: Arc::new(used),
            in_flight: InFlight::default(),
            outcomes: Family::new(MOST_OUTCOMES, move |outcome| {
                let labels = [("outcome", outcome), ("provider", label.as_str())];
                metrics.counter(
                    "openid_logins_total",
                    "Logins that came back from a provider, by what became of them.",
                    &labels,
                )
            }),
        })))
    }

    /// Fetches the provider's metadata and keys now and whenever they are due, with backoff after
    /// failures. It never returns: spawn it until the stop of the service. Without it, the first
    /// login fetches them.
    pub async fn keep_fresh(self) {
        self.0.provider.keep_fresh().await;
    }

    /// Returns a health check that fails while the provider's metadata or keys are missing, with
    /// the reason. Register it with the health of the service and spawn
    /// [`keep_fresh`](Self::keep_fresh), so that the service becomes ready when they are loaded
    /// (LIFE-3). A `critical` check turns readiness off. One that is not degrades the service.
    #[must_use]
    pub fn health_check(&self, name: impl Into<Arc<str>>, critical: bool) -> Probe {
        let login = self.clone();
        Probe::observed(name, critical, move || login.0.provider.check())
    }

    /// Begins a login that ends at `return_to`.
    ///
    /// # Errors
    /// [`OpenIdError`] where the provider cannot be asked where its page is.
    pub async fn begin(&self, return_to: LocalPath) -> Result<LoginRedirect, OpenIdError> {
        let inner = &*self.0;
        let config = &inner.provider.config;
        let known = in_time(config, inner.provider.known()).await?;
        let login =
            PendingLogin::new(return_to, config.login_ttl.get()).map_err(OpenIdError::Failed)?;
        let mut address = known.metadata.authorization_endpoint.clone();
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
        let sealed = inner.seal.close(&login).map_err(OpenIdError::Failed)?;
        let location = HeaderValue::try_from(address.as_str());
        Ok(LoginRedirect {
            location: location
                .map_err(|_| OpenIdError::Answer("the URL of its login page is invalid"))?,
            cookie: inner
                .cookie
                .set(&sealed, config.login_ttl.get())
                .map_err(failed)?,
        })
    }

    /// Ends a login: `headers` and `query` are those of the callback.
    ///
    /// # Errors
    /// [`OpenIdError`] with the first thing that is wrong.
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
        let callback = Callback::read(query)?;
        let login = self
            .cookie
            .read(headers)
            .and_then(|sealed| self.seal.open(sealed));
        let login = login
            .filter(|login| login.has_state(&callback.state))
            .ok_or(OpenIdError::State)?;
        login.left().ok_or(OpenIdError::State)?;
        let _handling = self.in_flight.enter(login.id()).ok_or(OpenIdError::Used)?;
        let is_used = self.used.is_used(login.id()).await;
        if is_used.map_err(OpenIdError::Failed)? {
            return Err(OpenIdError::Used);
        }
        let identity = in_time(&self.provider.config, self.identity(&callback, &login)).await?;
        // The exchange takes time: a login that has ended meanwhile would be forgotten at once.
        let left = login.left().ok_or(OpenIdError::State)?;
        let marked = self.used.mark(login.id(), left).await;
        if !marked.map_err(OpenIdError::Failed)? {
            return Err(OpenIdError::Used);
        }
        Ok(CompletedLogin {
            identity,
            return_to: login.return_to,
            cookie: self.cookie.clear().map_err(failed)?,
        })
    }

    async fn identity(
        &self,
        callback: &Callback,
        login: &PendingLogin,
    ) -> Result<OpenIdIdentity, OpenIdError> {
        let config = &self.provider.config;
        // What an answer says of its issuer is compared before anything of it is used.
        if callback
            .issuer
            .as_ref()
            .is_some_and(|issuer| *issuer != config.issuer)
        {
            return Err(OpenIdError::Issuer);
        }
        let known = self.provider.known().await?;
        if callback.issuer.is_none()
            && known
                .metadata
                .authorization_response_iss_parameter_supported
        {
            return Err(OpenIdError::Issuer);
        }
        let code = callback
            .outcome
            .as_ref()
            .map_err(|refusal| OpenIdError::Refused(*refusal))?;
        let tokens = exchange(&self.provider.client, config, &known.metadata, code, login).await?;
        let id_token = tokens
            .id_token
            .as_ref()
            .ok_or(OpenIdError::Answer("it sent no ID token"))?;
        let verified = id_token::check(
            &known.verifier,
            id_token,
            &tokens.access_token,
            &config.client_id,
            &login.nonce,
        )
        .await?;
        let subject = verified.claims().subject().unwrap_or_default();
        Ok(OpenIdIdentity {
            issuer: config.issuer.clone(),
            subject: subject.to_owned(),
            about: self.about(&known, &tokens, &verified).await?,
        })
    }

    /// What the provider tells of the person: in the token, else where it is asked (OpenID Connect Core 1.0, section 5.3).
    async fn about(
        &self,
        known: &Known,
        tokens: &Tokens,
        verified: &VerifiedToken,
    ) -> Result<About, OpenIdError> {
        let claims = verified.claims();
        let told = About::read(|name| claims.get(name));
        let endpoint = match &known.metadata.userinfo_endpoint {
            Some(endpoint) if told.email.is_none() => endpoint,
            _ => return Ok(told),
        };
        let asked = self
            .provider
            .client
            .get(endpoint.as_str())
            .bearer(&tokens.access_token)
            .without_redirects();
        let answer = asked.send().await.map_err(OpenIdError::Unavailable)?;
        let answer = answer.success().map_err(OpenIdError::Unavailable)?;
        let members: Map<String, Value> = answer.json().await.map_err(OpenIdError::Unavailable)?;
        // An access token can be swapped for another's; who it is about is what the ID token says.
        if members.get("sub").and_then(Value::as_str) != claims.subject() {
            return Err(OpenIdError::Subject);
        }
        Ok(About::read(|name| members.get(name)))
    }
}

/// Returns the cookie in which the browser that begins a login carries its sealed values.
fn login_cookie(provider: &str, is_plain: bool) -> HostCookie {
    let name = format!("openid_{provider}");
    if is_plain {
        HostCookie::insecure(&name)
    } else {
        HostCookie::new(&name)
    }
}

fn failed(error: InvalidCookie) -> OpenIdError {
    OpenIdError::Failed(error.into())
}

async fn in_time<T>(
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
