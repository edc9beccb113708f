use std::{collections::BTreeMap, sync::Arc, time::Duration};

use seaworthy::{
    account::{ApiKeyAuthentication, ApiKeys, SecretToken, TokenVersions},
    auth::{
        BearerAuthentication, BearerConfig,
        token::{
            Algorithm, Issuer, IssuerConfig, NewToken, Revocation, RevocationStatus, TokenError,
            TokenSigner, TokenSignerConfig, TokenVerifier, VerifiedToken,
        },
    },
    config::Settings,
    data::Database,
    prelude::*,
};

use crate::{
    config::AuthConfig,
    domain::{User, UserId},
    store::Users,
};

/// The `iss` and `aud` of access tokens.
const NAME: &str = "starter";
/// The `kid` of the secret.
const KEY_ID: &str = "jwt_secret_key";
/// The claim with the version of the user's tokens.
const VERSION: &str = "ver";

/// A session as its client gets it.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) access: Secret<String>,
    pub(crate) refresh: SecretToken,
    /// How long the access token is valid.
    pub(crate) lifetime: Duration,
}

/// Signs and verifies access tokens.
#[derive(Debug, Clone)]
pub(crate) struct AccessTokens {
    signer: TokenSigner,
    settings: AuthConfig,
}

impl AccessTokens {
    /// Creates the tokens.
    ///
    /// # Errors
    /// The secret is missing or too short, or access tokens live as long as refresh tokens.
    pub(crate) fn new(settings: &AuthConfig) -> Result<Self, StartError> {
        let secret = settings.jwt_secret_key.as_ref().ok_or_else(|| {
            StartError::new("auth.jwt_secret_key must be set to 32 random bytes: see README.md")
        })?;
        if settings.access_token_expiration.get() >= settings.refresh_token_expiration.get() {
            return Err(StartError::new(
                "auth.access_token_expiration must be shorter than auth.refresh_token_expiration",
            ));
        }
        let config = TokenSignerConfig {
            issuer: NAME.to_owned(),
            lifetime: settings.access_token_expiration,
            ..TokenSignerConfig::default()
        };
        let signer = TokenSigner::with_secret(config, KEY_ID, Algorithm::Hs256, secret)
            .map_err(|error| StartError::because("auth.jwt_secret_key cannot be used", error))?;
        Ok(Self {
            signer,
            settings: settings.clone(),
        })
    }

    pub(super) fn lifetime(&self) -> Duration {
        self.signer.lifetime()
    }

    pub(super) fn sign(
        &self,
        user: &User,
        roles: &[String],
        version: u64,
    ) -> Result<Secret<String>, Error> {
        let id = user.id.to_string();
        let token = NewToken::about(id.as_str())
            .audience(NAME)
            .claim("type", "access")
            .claim("user_id", id.as_str())
            .claim("username", user.username.expose().as_str())
            .claim("roles", roles.to_vec())
            .claim("permissions", permissions(&self.settings.roles, roles))
            .claim(VERSION, version);
        self.signer.sign(token).map_err(Error::internal)
    }

    /// Returns the authentication of callers by access tokens and API keys. Each request checks in
    /// the database whether its credentials are revoked, so that a logout on one replica counts on
    /// all of them at once.
    ///
    /// # Errors
    /// The secret cannot verify tokens.
    pub(crate) fn authentication<C: Settings>(
        &self,
        service: &Assembly<C>,
        database: &Database,
    ) -> Result<ApiKeyAuthentication<BearerAuthentication>, StartError> {
        let because = |error| StartError::because("access tokens cannot be verified", error);
        let issuer = Issuer::new(IssuerConfig {
            issuer: Some(NAME.to_owned()),
            audiences: vec![NAME.to_owned()],
            algorithms: vec![Algorithm::Hs256],
            token_key: self.settings.jwt_secret_key.clone(),
            leeway: Delay::ZERO,
            scope_claims: vec!["permissions".to_owned()],
            wildcard_scopes: true,
            ..IssuerConfig::default()
        });
        let verifier = TokenVerifier::new([issuer.map_err(because)?]).map_err(because)?;
        let bearer =
            BearerAuthentication::new(verifier, BearerConfig::default(), service.metrics());
        let bearer = bearer.revocation(StoredVersions(database.clone()));
        let keys = ApiKeys::new(database.clone(), self.settings.api_keys.clone());
        let (roles, database) = (self.settings.roles.clone(), database.clone());
        let owner_scopes = move |owner: String| {
            let (roles, database) = (roles.clone(), database.clone());
            async move {
                let owner = UserId::parse(&owner)?;
                let own = Users::roles(&database, owner).await?;
                Ok(permissions(&roles, &own))
            }
        };
        Ok(ApiKeyAuthentication::new(keys, owner_scopes, bearer))
    }
}

/// Returns the permissions of a user with these roles.
fn permissions(all: &BTreeMap<String, Vec<String>>, own: &[String]) -> Vec<String> {
    let granted = own.iter().filter_map(|role| all.get(role));
    granted.flatten().cloned().collect()
}

/// Revokes tokens by the versions in the database.
struct StoredVersions(Database);

impl Revocation for StoredVersions {
    fn status(&self, token: &Arc<VerifiedToken>) -> RevocationStatus {
        let (database, token) = (self.0.clone(), Arc::clone(token));
        RevocationStatus::Pending(Box::pin(async move {
            let own = token.claims().number(VERSION)?.unwrap_or_default();
            let current = TokenVersions::current(&database, token.actor().as_str()).await;
            let current = current.map_err(|error| {
                tracing::warn!(%error, "revoked tokens cannot be checked");
                TokenError::RevocationUnavailable
            })?;
            Ok(own < current)
        }))
    }
}
