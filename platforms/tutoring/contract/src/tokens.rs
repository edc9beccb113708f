use std::{
    fmt,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use seaworthy::{
    account::ActiveSessions,
    auth::{
        BearerAuthentication, BearerConfig,
        token::{
            Algorithm, Issuer, IssuerConfig, NewToken, Revocation, RevocationStatus, TokenError,
            TokenSigner, TokenSignerConfig, TokenVerifier, VerifiedToken,
        },
    },
    config::Settings,
    prelude::*,
};

use crate::{
    AdminRole, Role, SERVICE_ROLE, ServiceTokenConfig, Territory, service_tokens::SERVICE_ISSUER,
};

/// The claim with the ID of the session.
pub const SESSION_CLAIM: &str = "sid";
/// The claim with the territory of an administrator.
pub(crate) const TERRITORY_CLAIM: &str = "territory";
/// A stolen access token is valid for this time.
const DEFAULT_LIFETIME: Timeout = Timeout::from_secs(10 * 60);
const DEFAULT_ISSUER: &str = "tutoring";
const DEFAULT_AUDIENCE: &str = "tutoring-api";
/// The header `typ` of access tokens (RFC 9068). Refresh tokens are opaque.
const TYPE: &str = "at+jwt";
/// The claim with the kind of a token, and its value for access tokens.
const KIND_CLAIM: (&str, &str) = ("typ", "access");
/// The ID of the signing key.
const KEY_ID: &str = "shared";

/// Access tokens: the section `access_tokens` of the settings of every service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccessTokenConfig {
    /// The secret that signs access tokens, at least 32 bytes. Required.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub secret: Option<Secret<String>>,
    /// Further secrets whose tokens are accepted while the secret is rotated.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub additional_verification_keys: Vec<Secret<String>>,
    /// The lifetime of an access token.
    pub lifetime: Timeout,
    /// The claim `iss`.
    pub issuer: String,
    /// The claim `aud`.
    pub audience: String,
}

impl Default for AccessTokenConfig {
    fn default() -> Self {
        Self {
            secret: None,
            additional_verification_keys: Vec::new(),
            lifetime: DEFAULT_LIFETIME,
            issuer: DEFAULT_ISSUER.to_owned(),
            audience: DEFAULT_AUDIENCE.to_owned(),
        }
    }
}

/// The user of an access token.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The ID of the user, the claim `sub`.
    pub id: Uuid,
    /// The role.
    pub role: Role,
    /// The roles of an administrator. Empty for other users.
    pub admin_roles: Vec<AdminRole>,
    /// The permissions of an administrator, such as `trainer:approve`, as the claim `scope`.
    pub permissions: Vec<String>,
    /// The place that an administrator is responsible for, as the claim `territory`. Empty for
    /// other users and for super admins.
    pub territory: Territory,
    /// The e-mail address.
    pub email: Option<Personal<String>>,
    /// The telephone number.
    pub phone: Option<Personal<String>>,
}

/// Signs access tokens. After a rotation of the secret, new tokens have its new value (CONF-5).
///
/// ```
/// use tutoring_contract::{AccessTokenConfig, AccessTokens};
///
/// // Without a secret there is no signer.
/// assert!(AccessTokens::new(&AccessTokenConfig::default()).is_err());
/// ```
#[derive(Debug, Clone)]
pub struct AccessTokens {
    signer: TokenSigner,
    audience: String,
}

impl AccessTokens {
    /// Creates the signer.
    ///
    /// # Errors
    /// [`StartError`] if the secret is missing or too short.
    pub fn new(config: &AccessTokenConfig) -> Result<Self, StartError> {
        let secret = config.secret.as_ref().ok_or_else(|| {
            StartError::new("access_tokens.secret must be set, with at least 32 bytes")
        })?;
        let signer = TokenSignerConfig {
            issuer: config.issuer.clone(),
            lifetime: config.lifetime,
            kind: TYPE.to_owned(),
        };
        let signer = TokenSigner::with_secret(signer, KEY_ID, Algorithm::Hs256, secret);
        let signer = signer.map_err(|error| {
            StartError::with_cause(
                "access tokens cannot be signed: check access_tokens.secret",
                error,
            )
        })?;
        Ok(Self {
            signer,
            audience: config.audience.clone(),
        })
    }

    /// Returns the lifetime of a token in seconds.
    #[must_use]
    pub fn expires_in(&self) -> u64 {
        self.signer.lifetime().as_secs()
    }

    /// Signs a token of a session.
    ///
    /// # Errors
    /// [`Code::Internal`] if the clock is before 1970.
    pub fn sign(&self, subject: &Subject, session: &str) -> Result<Secret<String>, Error> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let mut token = NewToken::for_subject(subject.id.to_string())
            .audience(self.audience.as_str())
            .claim("nbf", now.map_err(Error::internal)?.as_secs())
            .claim("role", subject.role.as_str())
            .claim(KIND_CLAIM.0, KIND_CLAIM.1)
            .claim(SESSION_CLAIM, session);
        if subject.role == Role::Admin {
            let roles = subject.admin_roles.iter().map(|role| role.as_str());
            token = token
                .claim("roles", json!(roles.collect::<Vec<_>>()))
                .claim("scope", subject.permissions.join(" "))
                .claim(TERRITORY_CLAIM, json!(subject.territory));
        }
        let addresses = [("email", &subject.email), ("phone", &subject.phone)];
        for (name, address) in addresses {
            if let Some(address) = address {
                token = token.claim(name, address.expose().as_str());
            }
        }
        self.signer.sign(token).map_err(Error::internal)
    }
}

impl AccessTokenConfig {
    /// Returns the verification of tokens that do not come in a header, such as those of Socket.IO.
    ///
    /// # Errors
    /// [`StartError`] if a secret is missing or too short.
    pub fn verifier(
        &self,
        sessions: Option<ActiveSessions>,
    ) -> Result<AccessTokenVerifier, StartError> {
        let verifier = TokenVerifier::new([self.issuer()?]).map_err(|error| invalid(&error))?;
        let rules = TokenRules { sessions };
        Ok(AccessTokenVerifier { verifier, rules })
    }

    /// Returns the authentication by access tokens. A token without a known role and without a
    /// session is rejected. With `sessions`, so is a token whose session has ended.
    ///
    /// # Errors
    /// [`StartError`] if a secret is missing or too short.
    pub fn authentication<C: Settings>(
        &self,
        service: &Assembly<C>,
        sessions: Option<ActiveSessions>,
    ) -> Result<BearerAuthentication, StartError> {
        authentication(service, [self.issuer()?], sessions)
    }

    /// Returns the authentication by access tokens of users, and by tokens of other services, whose
    /// callers have the role [`SERVICE_ROLE`].
    ///
    /// # Errors
    /// [`StartError`] if a secret is missing or too short.
    pub fn authentication_with_services<C: Settings>(
        &self,
        service: &Assembly<C>,
        sessions: Option<ActiveSessions>,
        services: &ServiceTokenConfig,
    ) -> Result<BearerAuthentication, StartError> {
        authentication(service, [self.issuer()?, services.issuer()?], sessions)
    }

    fn issuer(&self) -> Result<Issuer, StartError> {
        let issuer = IssuerConfig {
            issuer: Some(self.issuer.clone()),
            audiences: vec![self.audience.clone()],
            algorithms: vec![Algorithm::Hs256],
            types: vec![TYPE.to_owned()],
            wildcard_scopes: true,
            token_key: self.secret.clone(),
            ..IssuerConfig::default()
        };
        if self.secret.is_none() {
            return Err(invalid(&"it is not set"));
        }
        Issuer::with_additional_keys(issuer, &self.additional_verification_keys)
            .map_err(|error| invalid(&error))
    }
}

/// Verifies access tokens. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AccessTokenVerifier {
    verifier: TokenVerifier,
    rules: TokenRules,
}

impl AccessTokenVerifier {
    /// Verifies a token with all rules of [`AccessTokenConfig::authentication`].
    ///
    /// # Errors
    /// [`TokenError`] for a token that is not valid, or whose session has ended.
    pub async fn verify(&self, token: &str) -> Result<Arc<VerifiedToken>, TokenError> {
        let verified = Arc::new(self.verifier.verify(token, SystemTime::now()).await?);
        match self.rules.status(&verified).is_revoked().await? {
            true => Err(TokenError::Revoked),
            false => Ok(verified),
        }
    }
}

fn invalid(error: &dyn fmt::Display) -> StartError {
    StartError::new(format!(
        "access tokens cannot be verified: check access_tokens.secret: {error}"
    ))
}

fn authentication<C: Settings>(
    service: &Assembly<C>,
    issuers: impl IntoIterator<Item = Issuer>,
    sessions: Option<ActiveSessions>,
) -> Result<BearerAuthentication, StartError> {
    let verifier = TokenVerifier::new(issuers).map_err(|error| invalid(&error))?;
    let bearer = BearerAuthentication::new(verifier, BearerConfig::default(), service.metrics());
    Ok(bearer.revocation(TokenRules { sessions }))
}

/// The rules of access tokens beside signature, time and audience.
#[derive(Debug, Clone)]
struct TokenRules {
    sessions: Option<ActiveSessions>,
}

impl Revocation for TokenRules {
    fn status(&self, token: &Arc<VerifiedToken>) -> RevocationStatus {
        let claims = token.claims();
        let role = claims.text("role").ok().flatten();
        if claims.issuer() == Some(SERVICE_ISSUER) {
            return match role {
                Some(SERVICE_ROLE) => RevocationStatus::Valid,
                _ => RevocationStatus::Revoked,
            };
        }
        let session = claims.text(SESSION_CLAIM).ok().flatten();
        let is_access = claims.text(KIND_CLAIM.0).ok().flatten() == Some(KIND_CLAIM.1);
        let (Some(_), Some(session), true) = (role.and_then(Role::from_name), session, is_access)
        else {
            return RevocationStatus::Revoked;
        };
        let Some(sessions) = &self.sessions else {
            return RevocationStatus::Valid;
        };
        let (sessions, session) = (sessions.clone(), session.to_owned());
        RevocationStatus::Pending(Box::pin(async move {
            Ok::<_, TokenError>(!sessions.is_active(&session).await)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The claims of a valid token beside those of every token.
    const CLAIMS: [(&str, &str); 3] = [("role", "student"), ("sid", "7"), ("typ", "access")];

    fn is_accepted<'a>(claims: impl IntoIterator<Item = (&'a str, &'a str)>) -> bool {
        let secret = "a secret with at least 32 bytes.".to_owned();
        let config = AccessTokenConfig {
            secret: Some(Secret::new(secret)),
            ..AccessTokenConfig::default()
        };
        let token = NewToken::for_subject("7").audience(DEFAULT_AUDIENCE);
        let token = claims
            .into_iter()
            .fold(token, |token, (name, value)| token.claim(name, value));
        let tokens = AccessTokens::new(&config).unwrap();
        let signed = tokens.signer.sign(token).unwrap();
        let AccessTokenVerifier { verifier, rules } = config.verifier(None).unwrap();
        let verified = verifier.verify_now(signed.expose(), SystemTime::now());
        let status = rules.status(&Arc::new(verified.unwrap()));
        matches!(status, RevocationStatus::Valid)
    }

    fn is_accepted_with(name: &'static str, value: &'static str) -> bool {
        is_accepted(CLAIMS.into_iter().chain([(name, value)]))
    }

    #[test]
    fn tokens_without_a_claim_are_rejected_auth_1() {
        assert!(is_accepted(CLAIMS));
        for (missing, _) in CLAIMS {
            let others = CLAIMS.into_iter().filter(|(name, _)| *name != missing);
            assert!(!is_accepted(others), "{missing}");
        }
    }

    #[test]
    fn tokens_of_other_roles_and_kinds_are_rejected_auth_1() {
        for role in Role::ALL {
            assert!(is_accepted_with("role", role.as_str()), "{role:?}");
        }
        for role in ["", "Student", "super_admin", SERVICE_ROLE] {
            assert!(!is_accepted_with("role", role), "{role}");
        }
        assert!(!is_accepted_with("typ", "refresh"));
    }
}
