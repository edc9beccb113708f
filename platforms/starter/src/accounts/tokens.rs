use std::{collections::BTreeMap, sync::Arc, time::Duration};

use seaworthy::{
    account::{ApiKeyAuthentication, ApiKeys, SecretToken, TokenVersions},
    auth::{
        BearerAuthentication, BearerConfig,
        token::{
            Issuer, IssuerConfig, NewToken, Revocation, RevocationStatus, SigningKey, TokenError,
            TokenSigner, TokenSignerConfig, TokenVerifier, VerifiedToken,
        },
    },
    config::{Profile, Settings},
    core::new_id,
    data::Database,
    prelude::*,
};

use serde_json::json;

use crate::{
    config::AuthConfig,
    domain::{User, UserId},
    store::Users,
};

/// The `aud` of access tokens.
const NAME: &str = "starter";
/// The `kid` of the secret.
const SECRET_ID: &str = "jwt_secret_key";
/// The `kid` of the private key.
const KEY_ID: &str = "signing_key";
/// Synchronized clocks of replicas differ by less, and a longer time would prolong short tokens.
const LEEWAY: Delay = Delay::from_secs(1);
/// Shorter secrets can be guessed, also those of a development service.
const MIN_SECRET: usize = 16;
/// The minimum of HS256 in bytes (RFC 7518, section 3.2).
const HS256_SECRET: usize = 32;
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
    /// `None` for public-key algorithms.
    secret: Option<Secret<String>>,
    settings: AuthConfig,
}

impl AccessTokens {
    /// Creates the tokens.
    ///
    /// # Errors
    /// The key of the algorithm is missing or too weak, or a key for another algorithm is set. Or
    /// access tokens do not expire before refresh tokens.
    pub(crate) fn new(settings: &AuthConfig, profile: Profile) -> Result<Self, StartError> {
        if settings.access_token_expiration.get() >= settings.refresh_token_expiration.get() {
            return Err(StartError::new(
                "auth.access_token_expiration must be shorter than auth.refresh_token_expiration",
            ));
        }
        let config = TokenSignerConfig {
            issuer: settings.issuer.clone(),
            lifetime: settings.access_token_expiration,
            ..TokenSignerConfig::default()
        };
        let algorithm = settings.signing_method;
        let (secret, key) = (&settings.jwt_secret_key, &settings.signing_key);
        let (signer, secret) = match (algorithm.is_symmetric(), secret, key) {
            (true, Some(secret), None) => {
                let secret = match profile {
                    Profile::Development | Profile::Test => extended(secret),
                    Profile::Staging | Profile::Production => secret.clone(),
                };
                let signer = TokenSigner::with_secret(config, SECRET_ID, algorithm, &secret);
                let because =
                    |error| StartError::because("auth.jwt_secret_key cannot be used", error);
                (signer.map_err(because)?, Some(secret))
            }
            (false, None, Some(pem)) => {
                let key = SigningKey::pem(KEY_ID, algorithm, pem);
                let because = |error| StartError::because("auth.signing_key cannot be used", error);
                (TokenSigner::new(config, key.map_err(because)?), None)
            }
            (true, None, None) => {
                let problem = "auth.jwt_secret_key must be set to 32 random bytes: see README.md";
                return Err(StartError::new(problem));
            }
            (false, None, None) => {
                let problem = "auth.signing_key must be set to the private key of the algorithm";
                return Err(StartError::new(problem));
            }
            (true, _, Some(_)) => {
                let problem = "auth.signing_key is not used by auth.signing_method: remove it";
                return Err(StartError::new(problem));
            }
            (false, Some(_), _) => {
                let problem = "auth.jwt_secret_key is not used by auth.signing_method: remove it";
                return Err(StartError::new(problem));
            }
        };
        Ok(Self {
            signer,
            secret,
            settings: settings.clone(),
        })
    }

    /// Returns the routes with the public keys of the tokens. None for a secret.
    pub(crate) fn routes(&self) -> Option<Routes> {
        self.secret.is_none().then(|| self.signer.routes())
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
        let token_id = new_id().to_string();
        let username = user.username.expose().as_str();
        let token = NewToken::for_subject(id.as_str())
            .audience(NAME)
            .id(token_id.as_str())
            .claim("id", token_id.as_str())
            .claim("type", "access")
            .claim("user_id", id.as_str())
            .claim("username", username)
            .claim("attributes", json!({ "username": username }))
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
        let config = IssuerConfig {
            issuer: Some(self.settings.issuer.clone()),
            audiences: vec![NAME.to_owned()],
            algorithms: vec![self.settings.signing_method],
            token_key: self.secret.clone(),
            leeway: LEEWAY,
            scope_claims: vec!["permissions".to_owned()],
            wildcard_scopes: true,
            ..IssuerConfig::default()
        };
        let issuer = match &self.secret {
            Some(_) => Issuer::new(config),
            None => {
                let keys = self.signer.verification().map_err(|error| {
                    StartError::because("access tokens cannot be verified", error)
                })?;
                Issuer::with_keys(config, keys)
            }
        };
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

/// Returns a secret of a development service, extended by zero bytes. HMAC extends each key by them
/// to its block (RFC 2104), so the tokens are those of the given secret.
fn extended(secret: &Secret<String>) -> Secret<String> {
    let text = secret.expose();
    if !(MIN_SECRET..HS256_SECRET).contains(&text.len()) {
        return secret.clone();
    }
    Secret::new(format!("{text:\0<HS256_SECRET$}"))
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
