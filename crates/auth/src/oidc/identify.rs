use seaworthy_core::Secret;
use serde_json::{Map, Value};

use super::{
    OpenIdError, OpenIdIdentity,
    exchange::{Code, exchange},
    id_token::{self, Expected},
    identity::Profile,
    provider::{Provider, ProviderState},
};
use crate::token::VerifiedToken;

impl Provider {
    /// Exchanges a code for the identity of its user. `nonce` is that of the authorization request,
    /// if this service sent it.
    pub(super) async fn identity_of_code(
        &self,
        state: &ProviderState,
        code: Code<'_>,
        nonce: Option<&str>,
    ) -> Result<OpenIdIdentity, OpenIdError> {
        let tokens = exchange(&self.client, &self.config, &state.metadata, code).await?;
        let id_token = tokens
            .id_token
            .as_ref()
            .ok_or(OpenIdError::InvalidResponse("it sent no ID token"))?;
        let expected = Expected {
            client_ids: std::slice::from_ref(&self.config.client_id),
            access_token: Some(&tokens.access_token),
            nonce,
        };
        let verified = id_token::check(&state.verifier, id_token, &expected).await?;
        let profile = self.profile(state, &tokens.access_token, &verified).await?;
        Ok(self.identity(&verified, profile))
    }

    /// Verifies an ID token that a client application received.
    pub(super) async fn identity_of_token(
        &self,
        state: &ProviderState,
        id_token: &Secret<String>,
    ) -> Result<OpenIdIdentity, OpenIdError> {
        let expected = Expected {
            client_ids: &self.client_ids,
            access_token: None,
            nonce: None,
        };
        let verified = id_token::check(&state.verifier, id_token, &expected).await?;
        let profile = Profile::parse(|name| verified.claims().get(name));
        Ok(self.identity(&verified, profile))
    }

    fn identity(&self, verified: &VerifiedToken, profile: Profile) -> OpenIdIdentity {
        let subject = verified.claims().subject().unwrap_or_default();
        OpenIdIdentity {
            issuer: self.config.issuer.clone(),
            subject: subject.to_owned(),
            profile,
        }
    }

    /// Returns the profile of the user, from the ID token or else from the userinfo endpoint
    /// (OpenID Connect Core 1.0, section 5.3).
    async fn profile(
        &self,
        state: &ProviderState,
        access_token: &Secret<String>,
        verified: &VerifiedToken,
    ) -> Result<Profile, OpenIdError> {
        let claims = verified.claims();
        let profile = Profile::parse(|name| claims.get(name));
        let endpoint = match &state.metadata.userinfo_endpoint {
            Some(endpoint) if profile.email.is_none() => endpoint,
            _ => return Ok(profile),
        };
        let request = self
            .client
            .get(endpoint.as_str())
            .bearer(access_token)
            .without_redirects();
        let response = request.send().await.map_err(OpenIdError::Unavailable)?;
        let response = response.success().map_err(OpenIdError::Unavailable)?;
        let members: Map<String, Value> =
            response.json().await.map_err(OpenIdError::Unavailable)?;
        // The access token may have been replaced, so the subject must match the ID token.
        if members.get("sub").and_then(Value::as_str) != claims.subject() {
            return Err(OpenIdError::Subject);
        }
        Ok(Profile::parse(|name| members.get(name)))
    }
}
