use std::collections::BTreeMap;

use schemars::JsonSchema;
use seaworthy_core::{Delay, Secret, Timeout, host::is_loopback};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::token::{Algorithm, IssuerError};

/// The default of `login_ttl`, enough for a user who has to find a second factor.
const DEFAULT_LOGIN_TTL: Timeout = Timeout::from_secs(600);
/// The default of `metadata_ttl`. Endpoints rarely change.
const DEFAULT_METADATA_TTL: Timeout = Timeout::from_secs(3600);
/// The default of `timeout`: up to three requests to the provider. Users do not wait longer.
pub(super) const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(10);
/// The default of `leeway`, the same as for other tokens.
const DEFAULT_LEEWAY: Delay = Delay::from_secs(30);
/// The minimum length of the cookie key, in bytes. A shorter key can be guessed.
pub(super) const MIN_KEY_BYTES: usize = 32;
/// Parameters of the authorization request that this module sets.
const RESERVED: [&str; 13] = [
    "client_id",
    "client_secret",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "redirect_uri",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "code",
];

/// A provider, and the registration of this service there.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OpenIdConfig {
    /// The issuer, exactly as in the metadata of the provider. The metadata are at
    /// `/.well-known/openid-configuration` below it.
    #[schemars(extend("x-connects" = true))]
    pub issuer: String,
    /// The URL of the login page. Set it if logins must begin while the metadata of the provider
    /// are not available. Metadata that are available take precedence.
    #[schemars(extend("x-browser-address" = true))]
    pub authorization_endpoint: Option<String>,
    /// The client ID of this service.
    pub client_id: String,
    /// The client secret. Without it, the service is a public client, which only PKCE protects.
    #[serde(skip_serializing)]
    pub client_secret: Option<Secret<String>>,
    /// How the client authenticates. If it is not set, the metadata of the provider decide, with a
    /// preference for `basic`.
    pub client_authentication: Option<ClientAuthentication>,
    /// The URL of the callback, as registered at the provider. Preflight rejects plain HTTP and
    /// loopback in production.
    #[schemars(extend("x-browser-address" = true))]
    pub redirect_uri: String,
    /// The requested scopes. They must contain `openid`.
    pub scopes: Vec<String>,
    /// Further parameters of the authorization request, such as `prompt`.
    pub parameters: BTreeMap<String, String>,
    /// The algorithms of ID tokens. HMAC is not allowed.
    pub algorithms: Vec<Algorithm>,
    /// The maximum difference between the clocks of the provider and this service, at most five
    /// minutes.
    pub leeway: Delay,
    /// How long a user may take to log in at the provider.
    pub login_ttl: Timeout,
    /// How long the metadata of the provider are used before they are fetched again.
    pub metadata_ttl: Timeout,
    /// How long one step of a login may wait for all its requests to the provider.
    pub timeout: Timeout,
    /// Whether the service is ready only while it has the metadata and keys of the provider. Set it
    /// to false if users can also log in without the provider: then the service is degraded.
    pub critical: bool,
}

/// How a client authenticates (OpenID Connect Core 1.0, section 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClientAuthentication {
    /// In a header: `client_secret_basic`.
    Basic,
    /// In the body: `client_secret_post`.
    Post,
}

impl Default for OpenIdConfig {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            authorization_endpoint: None,
            client_id: String::new(),
            client_secret: None,
            client_authentication: None,
            redirect_uri: String::new(),
            scopes: ["openid", "email", "profile"].map(str::to_owned).to_vec(),
            parameters: BTreeMap::new(),
            // The usual algorithms. Each provider has to support RS256.
            algorithms: vec![
                Algorithm::Rs256,
                Algorithm::Ps256,
                Algorithm::Es256,
                Algorithm::EdDsa,
            ],
            leeway: DEFAULT_LEEWAY,
            login_ttl: DEFAULT_LOGIN_TTL,
            metadata_ttl: DEFAULT_METADATA_TTL,
            timeout: DEFAULT_TIMEOUT,
            critical: true,
        }
    }
}

/// The settings of a provider are not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenIdConfigError {
    /// The name of the provider is invalid. It is part of a cookie name and a metric label.
    #[error("the name of a provider must be 1 to 32 characters of a-z, 0-9 and _")]
    Name,
    /// A URL is not encrypted, so an attacker on the network could read or change the data.
    #[error("`{0}` must be a URL that begins with https:// unless its host is this machine")]
    Address(&'static str),
    /// The client ID is empty.
    #[error("`client_id` must not be empty")]
    ClientId,
    /// The client secret is empty. A public client has no secret.
    #[error("`client_secret` must not be empty: remove it for a public client")]
    ClientSecret,
    /// The scope `openid` is missing. Without it there is no ID token.
    #[error("`scopes` must contain openid")]
    Scope,
    /// A parameter is one of those that this module sets.
    #[error("`parameters` must not contain {0}")]
    Parameter(String),
    /// The cookie key is too short.
    #[error("the key of the login cookie must be at least {MIN_KEY_BYTES} bytes")]
    Key,
    /// The settings of the provider's tokens are not valid.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// The algorithms include HMAC, but a fetched key set does not contain secrets.
    #[error("`algorithms` must not contain HMAC")]
    Symmetric,
}

impl OpenIdConfig {
    pub(super) fn check(&self) -> Result<(), OpenIdConfigError> {
        let endpoint = self.authorization_endpoint.iter();
        for (name, address) in [
            ("issuer", &self.issuer),
            ("redirect_uri", &self.redirect_uri),
        ]
        .into_iter()
        .chain(endpoint.map(|address| ("authorization_endpoint", address)))
        {
            let url = Url::parse(address).ok().filter(is_private);
            let is_plain = |url: &Url| {
                url.fragment().is_none() && url.username().is_empty() && url.password().is_none()
            };
            if !url.is_some_and(|url| is_plain(&url)) {
                return Err(OpenIdConfigError::Address(name));
            }
        }
        if self.issuer.contains('?') {
            return Err(OpenIdConfigError::Address("issuer"));
        }
        if self.client_id.is_empty() {
            return Err(OpenIdConfigError::ClientId);
        }
        if self
            .client_secret
            .as_ref()
            .is_some_and(|secret| secret.expose().is_empty())
        {
            return Err(OpenIdConfigError::ClientSecret);
        }
        if !self.scopes.iter().any(|scope| scope == "openid") {
            return Err(OpenIdConfigError::Scope);
        }
        if let Some(name) = self
            .parameters
            .keys()
            .find(|name| RESERVED.contains(&name.as_str()))
        {
            return Err(OpenIdConfigError::Parameter(name.clone()));
        }
        if self
            .algorithms
            .iter()
            .any(|algorithm| algorithm.is_symmetric())
        {
            return Err(OpenIdConfigError::Symmetric);
        }
        if self.algorithms.is_empty() {
            return Err(IssuerError::NoAlgorithm.into());
        }
        Ok(())
    }
}

/// Whether an attacker on the network cannot read or change requests to this URL.
pub(crate) fn is_private(url: &Url) -> bool {
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(host)) => is_loopback(&host.to_string()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callback_is_marked_as_a_browser_address_sec_2() {
        let schema = schemars::schema_for!(OpenIdConfig);
        let mark = schema.pointer("/properties/redirect_uri/x-browser-address");
        assert_eq!(mark, Some(&true.into()));
    }
}
