use std::collections::BTreeMap;

use schemars::JsonSchema;
use seaworthy_core::{Delay, Secret, Timeout, host::is_loopback};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::token::{Algorithm, IssuerError};

/// Whoever has to look for a second factor needs minutes; a login that is older was given up.
const LOGIN_TTL: Timeout = Timeout::from_secs(600);
/// Endpoints move seldom, and what was taken off the document should not be used for a day.
const METADATA_TTL: Timeout = Timeout::from_secs(3600);
/// A callback asks the provider three times at most; who waits longer than this has closed the window.
const TIMEOUT: Timeout = Timeout::from_secs(10);
/// As for every other token.
const LEEWAY: Delay = Delay::from_secs(30);
/// With fewer the cookie could be opened by trying.
pub(super) const SHORTEST_KEY: usize = 32;
/// Parameters of the request that are values of one login, or that decide how it is answered.
const OURS: [&str; 13] = [
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

/// One provider, and how this service is registered there.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OpenIdConfig {
    /// Who the provider is, letter by letter as its own document says; the document is at `/.well-known/openid-configuration` below it.
    pub issuer: String,
    /// The name of this service there.
    pub client_id: String,
    /// What proves that it is this service. Without one it is a public client, which PKCE alone protects.
    #[serde(skip_serializing)]
    pub client_secret: Option<Secret<String>>,
    /// How the secret is shown. Not set: as the provider says, `basic` where it can.
    pub client_authentication: Option<ClientAuthentication>,
    /// The address of the callback, as it is registered. Preflight refuses plain HTTP and loopback in production.
    #[schemars(extend("x-browser-address" = true))]
    pub redirect_uri: String,
    /// What is asked for; `openid` is one of them.
    pub scopes: Vec<String>,
    /// More parameters of the request that the browser is sent with, such as `prompt`.
    pub parameters: BTreeMap<String, String>,
    /// The algorithms that ID tokens may be signed with: of public keys alone.
    pub algorithms: Vec<Algorithm>,
    /// How far the provider's clock may differ from ours, at most five minutes.
    pub leeway: Delay,
    /// How long somebody may take at the provider.
    pub login_ttl: Timeout,
    /// How long the provider's document is used before it is asked for again.
    pub metadata_ttl: Timeout,
    /// How long one step of a login may wait for the provider, with all that is asked.
    pub timeout: Timeout,
}

/// How a client proves who it is (OpenID Connect Core 1.0, section 9).
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
            client_id: String::new(),
            client_secret: None,
            client_authentication: None,
            redirect_uri: String::new(),
            scopes: ["openid", "email", "profile"].map(str::to_owned).to_vec(),
            parameters: BTreeMap::new(),
            // What providers sign with today; RS256 is the one that each has to speak.
            algorithms: vec![
                Algorithm::Rs256,
                Algorithm::Ps256,
                Algorithm::Es256,
                Algorithm::EdDsa,
            ],
            leeway: LEEWAY,
            login_ttl: LOGIN_TTL,
            metadata_ttl: METADATA_TTL,
            timeout: TIMEOUT,
        }
    }
}

/// Settings of a provider that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenIdConfigError {
    /// It becomes a part of a cookie's name and a label.
    #[error("the name of a provider has 1 to 32 of a-z, 0-9 and _")]
    Name,
    /// No address, or one that others on the way can change.
    #[error("`{0}` is no address that begins with https://, and it is not on this machine")]
    Address(&'static str),
    /// The provider would not know for whom it works.
    #[error("`client_id` is empty")]
    ClientId,
    /// An empty secret proves nothing; leave it out for a public client.
    #[error("`client_secret` is empty")]
    ClientSecret,
    /// Without it this is not OpenID Connect, and there is no ID token.
    #[error("`scopes` does not have openid")]
    Scope,
    /// One of the values that this module makes itself.
    #[error("`parameters` has {0}, which is not set by hand")]
    Parameter(String),
    /// Too little to seal a cookie with.
    #[error("the key of the cookie has less than {SHORTEST_KEY} bytes")]
    Key,
    /// The rules for its tokens.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// Its keys are fetched, so they hold no secret.
    #[error("`algorithms` names HMAC, whose key cannot be fetched")]
    Symmetric,
}

impl OpenIdConfig {
    pub(super) fn check(&self) -> Result<(), OpenIdConfigError> {
        for (name, address) in [
            ("issuer", &self.issuer),
            ("redirect_uri", &self.redirect_uri),
        ] {
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
            .find(|name| OURS.contains(&name.as_str()))
        {
            return Err(OpenIdConfigError::Parameter(name.clone()));
        }
        if self.algorithms.iter().any(|one| one.is_symmetric()) {
            return Err(OpenIdConfigError::Symmetric);
        }
        if self.algorithms.is_empty() {
            return Err(IssuerError::NoAlgorithm.into());
        }
        Ok(())
    }
}

/// Whether nobody on the way can read or change what is exchanged there.
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
    fn callback_is_marked_as_an_address_for_browsers_sec_2() {
        let schema = schemars::schema_for!(OpenIdConfig);
        let mark = schema.pointer("/properties/redirect_uri/x-browser-address");
        assert_eq!(mark, Some(&true.into()));
    }
}
