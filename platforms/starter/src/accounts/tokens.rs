use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use seaworthy::{
    account::{ApiKeyAuthentication, ApiKeys, NewSession, SecretToken, Sessions},
    auth::{
        BearerAuthentication, BearerConfig,
        token::{
            Issuer, IssuerConfig, NewToken, Revocation, RevocationStatus, SigningKey, TokenError,
            TokenSigner, TokenSignerConfig, TokenVerifier, VerifiedToken,
        },
    },
    config::{Profile, Settings},
    core::error_chain,
    data::{Connection, DataError, Database},
    prelude::*,
    service::{SettingProblem, preflight::weak_key_reason},
};

use serde_json::json;

use super::claims::{self, ATTRIBUTES, ID, PERMISSIONS, ROLES, USER_ID, USERNAME};
use crate::{
    NAME,
    config::AuthConfig,
    domain::{User, UserId, errors},
    store::Users,
};

/// The `aud` of access tokens.
const AUDIENCE: &str = NAME;
/// The settings of tokens, of the secret and of the private key.
const AUTH: &str = "auth";
const SECRET: &str = "auth.jwt_secret_key";
const PRIVATE_KEY: &str = "auth.signing_key";
/// The `kid` of the secret.
const SECRET_ID: &str = "jwt_secret_key";
/// The `kid` of the private key.
const KEY_ID: &str = "signing_key";
/// Tolerated clock difference between replicas. A longer leeway would extend short-lived tokens.
const LEEWAY: Delay = Delay::from_secs(1);
/// Minimum length of a secret in development, in bytes. Shorter secrets can be guessed.
const MIN_SECRET: usize = 16;
/// Minimum length of a secret for HS256, in bytes (RFC 7518, section 3.2).
const HS256_SECRET: usize = 32;
/// The claim with the version of the user's tokens.
const VERSION: &str = "ver";
/// The claim with the kind of a token, and its values.
const TYPE: &str = "type";
const ACCESS: &str = "access";
const REFRESH: &str = "refresh";
/// The `typ` header of refresh tokens, so that they are not accepted as access tokens.
const REFRESH_KIND: &str = "refresh+jwt";
/// The claim of an access token with the ID of its session.
const SESSION_ID: &str = "sid";
/// The claim of a refresh token with the secret of its session.
const SESSION_CLAIM: &str = "session";
/// The number of characters of a `jti`.
const ID_LENGTH: usize = 32;

/// The tokens of a session, as its client gets them.
#[derive(Debug)]
pub(crate) struct TokenPair {
    pub(crate) access: Secret<String>,
    pub(crate) refresh: Secret<String>,
    /// How long the access token is valid.
    pub(crate) lifetime: Duration,
}

/// Signs and verifies access tokens and refresh tokens.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    signer: TokenSigner,
    /// `None` for public-key algorithms.
    secret: Option<Secret<String>>,
    refresh_verifier: TokenVerifier,
    settings: AuthConfig,
}

impl Tokens {
    /// Creates the tokens.
    ///
    /// # Errors
    /// The key of the algorithm is missing or too weak, or a key for another algorithm is set.
    pub(crate) fn new(settings: &AuthConfig, profile: Profile) -> Result<Self, SettingProblem> {
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
                    Profile::Development | Profile::Test => {
                        // Preflight only warns about it in these profiles.
                        if let Some(reason) = weak_key_reason(secret.expose()) {
                            return Err(SettingProblem::new(SECRET, reason));
                        }
                        extended(secret)
                    }
                    Profile::Staging | Profile::Production => secret.clone(),
                };
                let signer = TokenSigner::with_secret(config, SECRET_ID, algorithm, &secret);
                (signer.map_err(unusable(SECRET))?, Some(secret))
            }
            (false, None, Some(pem)) => {
                let key = SigningKey::pem(KEY_ID, algorithm, pem);
                (
                    TokenSigner::new(config, key.map_err(unusable(PRIVATE_KEY))?),
                    None,
                )
            }
            (true, None, None) => {
                let problem = "must be set to random bytes, as many as the hash has: see README.md";
                return Err(SettingProblem::new(SECRET, problem));
            }
            (false, None, None) => {
                let problem = "must be set to the private key of the algorithm";
                return Err(SettingProblem::new(PRIVATE_KEY, problem));
            }
            (true, _, Some(_)) => {
                let problem = "is not used by auth.signing_method: remove it";
                return Err(SettingProblem::new(PRIVATE_KEY, problem));
            }
            (false, Some(_), _) => {
                let problem = "is not used by auth.signing_method: remove it";
                return Err(SettingProblem::new(SECRET, problem));
            }
        };
        let refresh_config = IssuerConfig {
            types: vec![REFRESH_KIND.to_owned()],
            ..issuer_config(settings, secret.as_ref())
        };
        // Accept the previous secret for this time, so that a rotation does not log users out.
        let refresh_ttl = settings.refresh_token_expiration.get();
        Ok(Self {
            refresh_verifier: verifier(refresh_config, &signer, refresh_ttl)?,
            signer,
            secret,
            settings: settings.clone(),
        })
    }

    /// Serves the public keys of the tokens, unless a secret signs them.
    pub(crate) fn serve_keys<C: Settings>(&self, service: &Assembly<C>) {
        if self.secret.is_none() {
            service.http(self.signer.routes());
        }
    }

    /// Signs the pair of tokens of a session. The ID of the session is in the access token, and its
    /// secret in the refresh token.
    ///
    /// # Errors
    /// The key cannot sign.
    pub(super) fn sign(
        &self,
        user: &User,
        roles: &[String],
        version: u64,
        session: &NewSession,
    ) -> Result<TokenPair, Error> {
        let (id, refresh_id) = (token_id()?, token_id()?);
        let username = user.username.expose().as_str();
        let token = |id: &str, kind: &str| {
            let user = user.id.to_string();
            NewToken::for_subject(user.as_str())
                .audience(AUDIENCE)
                .id(id)
                .claim(TYPE, kind)
                .claim(USER_ID, user)
                .claim(USERNAME, username)
        };
        let access = token(&id, ACCESS)
            .claim(ID, id.as_str())
            .claim(ATTRIBUTES, json!({ USERNAME: username }))
            .claim(ROLES, roles.to_vec())
            .claim(PERMISSIONS, permissions(&self.settings.roles, roles))
            .claim(SESSION_ID, session.id.as_str())
            .claim(VERSION, version);
        let refresh = token(&refresh_id, REFRESH)
            .kind(REFRESH_KIND)
            .lifetime(self.settings.refresh_token_expiration.get())
            .claim(SESSION_CLAIM, session.token.expose());
        Ok(TokenPair {
            access: self.signer.sign(access).map_err(Error::internal)?,
            refresh: self.signer.sign(refresh).map_err(Error::internal)?,
            lifetime: self.signer.lifetime(),
        })
    }

    /// Returns the secret of the session of a refresh token.
    ///
    /// # Errors
    /// `REFRESH_TOKEN_INVALID` if the token is expired, forged or of another kind.
    pub(super) fn session_of(&self, refresh: &Secret<String>) -> Result<SecretToken, Error> {
        let invalid = |error| errors::refresh_token_invalid().with_cause(error);
        let token = self
            .refresh_verifier
            .verify_now(refresh.expose(), SystemTime::now())
            .map_err(invalid)?;
        let claims = token.claims();
        if claims.text(TYPE).map_err(invalid)? != Some(REFRESH) {
            return Err(errors::refresh_token_invalid());
        }
        claims::check(claims).map_err(invalid)?;
        let session = claims.text(SESSION_CLAIM).map_err(invalid)?;
        session
            .and_then(SecretToken::parse)
            .ok_or_else(errors::refresh_token_invalid)
    }

    /// Returns the authentication of callers by access tokens and API keys. Each request checks in
    /// the database whether its credentials are revoked, so that a logout on one replica applies to
    /// all replicas immediately.
    ///
    /// # Errors
    /// The secret cannot verify tokens.
    pub(crate) fn authentication<C: Settings>(
        &self,
        service: &Assembly<C>,
        database: &Database,
        api_keys: &ApiKeys,
    ) -> Result<ApiKeyAuthentication<BearerAuthentication>, StartError> {
        let config = issuer_config(&self.settings, self.secret.as_ref());
        let access_ttl = self.settings.access_token_expiration.get();
        let verifier = verifier(config, &self.signer, access_ttl)?;
        let bearer =
            BearerAuthentication::new(verifier, BearerConfig::default(), service.metrics());
        let bearer = bearer.revocation(StoredSessions(database.clone()));
        let (roles, database) = (self.settings.roles.clone(), database.clone());
        let owner_scopes = move |owner: String| {
            let (roles, database) = (roles.clone(), database.clone());
            async move {
                let owner = UserId::parse(&owner)?;
                // Read the status too, because it may have changed without the command `users`.
                let own = Users::roles(&database, owner).await?;
                let own = own.ok_or_else(errors::api_key_invalid)?;
                Ok(permissions(&roles, &own))
            }
        };
        let keys = api_keys.clone();
        Ok(ApiKeyAuthentication::new(keys, owner_scopes, bearer))
    }
}

/// Returns the problem of a setting whose value cannot be used.
fn unusable<E: std::error::Error + 'static>(key: &'static str) -> impl Fn(E) -> SettingProblem {
    move |error| SettingProblem::new(key, format!("cannot be used: {}", error_chain(&error)))
}

/// Returns the rules for the tokens of this service.
fn issuer_config(settings: &AuthConfig, secret: Option<&Secret<String>>) -> IssuerConfig {
    IssuerConfig {
        issuer: Some(settings.issuer.clone()),
        audiences: vec![AUDIENCE.to_owned()],
        algorithms: vec![settings.signing_method],
        token_key: secret.cloned(),
        leeway: LEEWAY,
        scope_claims: vec![PERMISSIONS.to_owned()],
        wildcard_scopes: true,
        ..IssuerConfig::default()
    }
}

/// Returns the verifier of the tokens of a signer. After a rotation of the secret, it accepts
/// tokens of the previous one for `ttl`.
///
/// # Errors
/// The key of the signer cannot verify tokens.
fn verifier(
    config: IssuerConfig,
    signer: &TokenSigner,
    ttl: Duration,
) -> Result<TokenVerifier, SettingProblem> {
    let issuer = if config.token_key.is_some() {
        Issuer::new(config)
    } else {
        Issuer::with_keys(config, signer.verification().map_err(unusable(AUTH))?)
    };
    let issuer = issuer.map_err(unusable(AUTH))?.with_previous_key_ttl(ttl);
    TokenVerifier::new([issuer]).map_err(unusable(AUTH))
}

/// Returns a random ID of a token.
///
/// # Errors
/// The operating system provides no random bytes.
fn token_id() -> Result<String, Error> {
    let random = SecretToken::generate()?;
    Ok(random.expose().chars().take(ID_LENGTH).collect())
}

/// Returns the secret of a development service, padded with zero bytes. HMAC pads each key in the
/// same way (RFC 2104), so the tokens are equal to those of the given secret.
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

/// Accepts access tokens whose session has not ended and whose version is current.
struct StoredSessions(Database);

impl Revocation for StoredSessions {
    fn status(&self, token: &Arc<VerifiedToken>) -> RevocationStatus {
        let (database, token) = (self.0.clone(), Arc::clone(token));
        RevocationStatus::Pending(Box::pin(async move {
            let session = CallerSession::from_token(&token)?;
            let is_current = session.is_current(&database).await;
            let is_current = is_current.map_err(|error| {
                tracing::warn!(%error, "revoked tokens cannot be checked");
                TokenError::RevocationUnavailable
            })?;
            Ok(!is_current)
        }))
    }
}

/// The session of an access token.
#[derive(Debug, Clone)]
pub(super) struct CallerSession {
    user: String,
    id: String,
    /// The version of the user's tokens that the token has.
    version: u64,
}

impl CallerSession {
    /// Reads the claims of an access token.
    pub(super) fn from_token(token: &VerifiedToken) -> Result<Self, TokenError> {
        let claims = token.claims();
        if claims.text(TYPE)? != Some(ACCESS) {
            return Err(TokenError::Type);
        }
        claims::check(claims)?;
        let session = claims.text(SESSION_ID)?.ok_or(TokenError::Claim)?;
        Ok(Self {
            user: token.actor().as_str().to_owned(),
            id: session.to_owned(),
            version: claims.number(VERSION)?.ok_or(TokenError::Claim)?,
        })
    }

    /// Returns whether the session is active, and no later call revoked the tokens of the user.
    /// Compares the version in the token with the stored version.
    pub(super) async fn is_current(&self, connection: &dyn Connection) -> Result<bool, DataError> {
        let current = Sessions::token_version(connection, &self.user, &self.id).await?;
        Ok(current.is_some_and(|current| current <= self.version))
    }
}
