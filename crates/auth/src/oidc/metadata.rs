use seaworthy_client::HttpClient;
use serde::{Deserialize, Deserializer, de};
use url::Url;

use super::{OpenIdConfig, OpenIdError, config::is_private};

/// The path of the metadata (OpenID Connect Discovery 1.0, section 4).
const WELL_KNOWN: &str = "/.well-known/openid-configuration";
const S256: &str = "S256";

/// The used members of a provider's metadata.
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
    /// Whether each authorization response contains its issuer (RFC 9207, section 3).
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
        let response = client
            .get(&address)
            .send()
            .await
            .map_err(OpenIdError::Unavailable)?;
        let response = response.success().map_err(OpenIdError::Unavailable)?;
        let metadata: Self = response.json().await.map_err(OpenIdError::Unavailable)?;
        metadata.check(config)?;
        Ok(metadata)
    }

    fn check(&self, config: &OpenIdConfig) -> Result<(), OpenIdError> {
        // The metadata of another issuer would send codes to its token endpoint.
        if self.issuer != config.issuer {
            return Err(OpenIdError::InvalidResponse(
                "its metadata belong to another issuer",
            ));
        }
        let endpoints = [
            &self.authorization_endpoint,
            &self.token_endpoint,
            &self.jwks_uri,
        ];
        let mut endpoints = endpoints.into_iter().chain(&self.userinfo_endpoint);
        if !endpoints.all(is_private) {
            return Err(OpenIdError::InvalidResponse(
                "an endpoint in its metadata must begin with https://",
            ));
        }
        // Some providers support S256 without listing it. A list without it leaves codes
        // unprotected.
        let methods = self.code_challenge_methods_supported.as_ref();
        if methods.is_some_and(|methods| !methods.iter().any(|method| method == S256)) {
            return Err(OpenIdError::InvalidResponse(
                "it does not support PKCE with S256",
            ));
        }
        Ok(())
    }

    /// Whether the provider accepts the client secret only in the body.
    pub(super) fn needs_secret_in_body(&self) -> bool {
        let has = |methods: &[String], name| methods.iter().any(|method| method == name);
        // The default is `client_secret_basic` (OpenID Connect Discovery 1.0, section 3).
        let methods = self
            .token_endpoint_auth_methods_supported
            .as_deref()
            .unwrap_or_default();
        has(methods, "client_secret_post") && !has(methods, "client_secret_basic")
    }
}
