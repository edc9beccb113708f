use seaworthy_client::HttpClient;
use serde::{Deserialize, Deserializer, de};
use url::Url;

use super::{OpenIdConfig, OpenIdError, config::is_private};

/// Where every provider has its document (OpenID Connect Discovery 1.0, section 4).
const WELL_KNOWN: &str = "/.well-known/openid-configuration";
const S256: &str = "S256";

/// What is used of a provider's document.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Metadata {
    issuer: String,
    #[serde(deserialize_with = "address")]
    pub(super) authorization_endpoint: Url,
    #[serde(deserialize_with = "address")]
    pub(super) token_endpoint: Url,
    #[serde(deserialize_with = "address")]
    pub(super) jwks_uri: Url,
    #[serde(default, deserialize_with = "optional_address")]
    pub(super) userinfo_endpoint: Option<Url>,
    code_challenge_methods_supported: Option<Vec<String>>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Whether every answer says whose it is (RFC 9207, section 3).
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let text = String::deserialize(deserializer)?;
    Url::parse(&text).map_err(de::Error::custom)
}

fn optional_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| Url::parse(&text).map_err(de::Error::custom))
        .transpose()
}

impl Metadata {
    pub(super) async fn fetch(
        client: &HttpClient,
        config: &OpenIdConfig,
    ) -> Result<Self, OpenIdError> {
        let address = format!("{}{WELL_KNOWN}", config.issuer.trim_end_matches('/'));
        let answer = client
            .get(&address)
            .send()
            .await
            .map_err(OpenIdError::Unavailable)?;
        let answer = answer.success().map_err(OpenIdError::Unavailable)?;
        let metadata: Self = answer.json().await.map_err(OpenIdError::Unavailable)?;
        metadata.check(config)?;
        Ok(metadata)
    }

    fn check(&self, config: &OpenIdConfig) -> Result<(), OpenIdError> {
        // Whoever could put another's document there would have our codes sent to them.
        if self.issuer != config.issuer {
            return Err(OpenIdError::Answer("its metadata are of another issuer"));
        }
        let endpoints = [
            &self.authorization_endpoint,
            &self.token_endpoint,
            &self.jwks_uri,
        ];
        let mut endpoints = endpoints.into_iter().chain(&self.userinfo_endpoint);
        if !endpoints.all(is_private) {
            return Err(OpenIdError::Answer(
                "an endpoint does not begin with https://",
            ));
        }
        // Some do it and do not say so; one that says what it does and not this would leave codes unprotected.
        let methods = self.code_challenge_methods_supported.as_ref();
        if methods.is_some_and(|methods| !methods.iter().any(|one| one == S256)) {
            return Err(OpenIdError::Answer("it does not support PKCE with S256"));
        }
        Ok(())
    }

    /// Whether the provider takes secrets in the body and in no header.
    pub(super) fn takes_secrets_in_bodies_alone(&self) -> bool {
        let has = |methods: &[String], name| methods.iter().any(|one| one == name);
        // Without the member it is `client_secret_basic` (OpenID Connect Discovery 1.0, section 3).
        let methods = self
            .token_endpoint_auth_methods_supported
            .as_deref()
            .unwrap_or_default();
        has(methods, "client_secret_post") && !has(methods, "client_secret_basic")
    }
}
