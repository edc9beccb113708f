use std::{sync::Arc, time::SystemTime};

use seaworthy_core::{Actor, ByteSize, Grants, Tenant};
use tokio::time::Instant;

use super::{
    Algorithm, Claims, ClockReading, Issuer, IssuerError, KeysValidity, TokenError,
    compact::Compact,
    issuer::{IssuerConfig, IssuerKeys},
};
use crate::jwks::Jwks;

/// Maximum size of a token: the groups of a large organization fit. HTTP servers rarely allow
/// longer headers.
const MAX_TOKEN_SIZE: ByteSize = ByteSize::kibibytes(8);

/// Verifies the tokens of a list of issuers. Cheap to clone.
///
/// ```
/// use std::time::SystemTime;
/// use seaworthy_auth::token::{Algorithm, Issuer, IssuerConfig, TokenVerifier};
/// use seaworthy_core::Secret;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let verifier = TokenVerifier::new([Issuer::new(IssuerConfig {
///     issuer: Some("https://login.example.org".to_owned()),
///     audiences: vec!["events".to_owned()],
///     algorithms: vec![Algorithm::Hs256],
///     token_key: Some(Secret::new("0f8b1d0c6a3e47f2b95d2c81a7e6f439".to_owned())),
///     ..IssuerConfig::default()
/// })?])?;
/// assert!(verifier.verify_now("not.a.token", SystemTime::now()).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct TokenVerifier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    issuers: Vec<Issuer>,
    max_length: usize,
}

/// A token that was valid when it was verified.
#[derive(Debug, Clone)]
pub struct VerifiedToken {
    actor: Actor,
    tenant: Option<Tenant>,
    grants: Grants,
    claims: Claims,
    algorithm: Algorithm,
    expires_at: SystemTime,
    /// `None` for keys of the settings, which are always valid.
    keys_validity: Option<KeysValidity>,
}

/// The reason why a token was not accepted immediately.
pub(crate) enum Rejection {
    /// The token is invalid.
    Invalid(TokenError),
    /// The key set may be outdated. [`MissingKey::refresh`] fetches a newer one.
    Missing(MissingKey),
}

impl From<TokenError> for Rejection {
    fn from(error: TokenError) -> Self {
        Self::Invalid(error)
    }
}

/// A key that is not in the key set of an issuer, or a key set that is missing or too old.
pub(crate) struct MissingKey {
    jwks: Jwks,
    /// `None` if there are no valid keys at all.
    name: Option<(Algorithm, Option<String>)>,
}

impl MissingKey {
    /// Fetches newer keys and runs `verify` with them. If the key is still unknown, the issuer does
    /// not have it.
    ///
    /// # Errors
    /// [`TokenError::KeysUnavailable`] if newer keys cannot be fetched: the token can be neither
    /// accepted nor rejected. Otherwise the errors of `verify`.
    pub(crate) async fn refresh<T>(
        self,
        verify: impl Fn() -> Result<T, Rejection>,
    ) -> Result<T, TokenError> {
        let arrived = Instant::now();
        loop {
            let refreshed = self.jwks.refresh_after(arrived).await;
            match verify() {
                Ok(verified) => return Ok(verified),
                Err(Rejection::Invalid(error)) => return Err(error),
                Err(Rejection::Missing(missing)) => {
                    if refreshed? {
                        missing.record();
                        return Err(missing.error());
                    }
                }
            }
        }
    }

    fn record(&self) {
        if let Some((algorithm, id)) = &self.name {
            self.jwks.record_absent(*algorithm, id.as_deref());
        }
    }

    fn error(&self) -> TokenError {
        match self.name {
            Some(_) => TokenError::UnknownKey,
            None => TokenError::KeysUnavailable,
        }
    }
}

impl TokenVerifier {
    /// Creates a verifier that trusts these issuers.
    ///
    /// # Errors
    /// There is no issuer, or two have the same name.
    pub fn new(issuers: impl IntoIterator<Item = Issuer>) -> Result<Self, IssuerError> {
        let issuers: Vec<_> = issuers.into_iter().collect();
        if issuers.is_empty() {
            return Err(IssuerError::NoIssuer);
        }
        let has_duplicate = issuers.iter().enumerate().any(|(index, issuer)| {
            let mut previous = issuers.iter().take(index);
            previous.any(|other| other.config.issuer == issuer.config.issuer)
        });
        if has_duplicate {
            return Err(IssuerError::Duplicate);
        }
        Ok(Self(Arc::new(Inner {
            issuers,
            max_length: MAX_TOKEN_SIZE.as_usize(),
        })))
    }

    /// Returns the key sets that are fetched. Each needs a task that keeps it fresh.
    pub fn key_sets(&self) -> impl Iterator<Item = &Jwks> {
        let issuers = self.0.issuers.iter();
        issuers.filter_map(|issuer| match &issuer.keys {
            IssuerKeys::Fetched(jwks) => Some(jwks),
            IssuerKeys::Fixed(_) | IssuerKeys::Rotating(_) => None,
        })
    }

    /// Returns a number that changes when a key may have been withdrawn.
    pub(crate) fn generation(&self) -> u64 {
        let generations = self.0.issuers.iter().map(|issuer| match &issuer.keys {
            IssuerKeys::Fixed(_) => 0,
            IssuerKeys::Rotating(keys) => keys.generation(),
            IssuerKeys::Fetched(jwks) => jwks.generation(),
        });
        generations.fold(0, u64::wrapping_add)
    }

    /// Verifies a token with the keys that are known. It does not wait.
    ///
    /// # Errors
    /// [`TokenError`] with the first check that fails.
    pub fn verify_now(&self, token: &str, now: SystemTime) -> Result<VerifiedToken, TokenError> {
        self.check(token, now).map_err(|rejection| match rejection {
            Rejection::Invalid(error) => error,
            Rejection::Missing(missing) => missing.error(),
        })
    }

    /// Verifies a token. If its key is unknown, it first fetches newer keys of the issuer.
    ///
    /// # Errors
    /// [`TokenError`] with the first check that fails.
    pub async fn verify(&self, token: &str, now: SystemTime) -> Result<VerifiedToken, TokenError> {
        match self.check(token, now) {
            Ok(verified) => Ok(verified),
            Err(Rejection::Invalid(error)) => Err(error),
            Err(Rejection::Missing(missing)) => missing.refresh(|| self.check(token, now)).await,
        }
    }

    pub(crate) fn check(&self, token: &str, now: SystemTime) -> Result<VerifiedToken, Rejection> {
        let token = Compact::parse(token, self.0.max_length)?;
        let claims = Claims::parse(&token.payload)?;
        let issuer = self.issuer_of(&claims).ok_or(TokenError::Issuer)?;
        let config = &issuer.config;
        if !config.algorithms.contains(&token.header.algorithm) {
            return Err(TokenError::Algorithm.into());
        }
        let keys_validity = match &issuer.keys {
            IssuerKeys::Fixed(keys) => {
                keys.verify(&token)?;
                None
            }
            IssuerKeys::Rotating(keys) => {
                keys.load().keys.verify(&token)?;
                None
            }
            IssuerKeys::Fetched(jwks) => Some(verify_with(jwks, &token)?),
        };
        // The signature is valid, so all claims come from the issuer. The errors may name them.
        check_type(config, token.header.kind.as_deref())?;
        check_audience(config, &claims)?;
        let expires_at = check_times(config, &claims, now)?;
        Ok(VerifiedToken {
            actor: actor(config, &claims)?,
            tenant: tenant(config, &claims)?,
            grants: grants(config, &claims)?,
            claims,
            algorithm: token.header.algorithm,
            expires_at,
            keys_validity,
        })
    }

    /// Returns the trusted issuer of a token. An issuer without a name accepts all tokens of
    /// unknown issuers.
    fn issuer_of(&self, claims: &Claims) -> Option<&Issuer> {
        let find = |name: Option<&str>| {
            let mut issuers = self.0.issuers.iter();
            issuers.find(|issuer| issuer.config.issuer.as_deref() == name)
        };
        claims
            .issuer()
            .and_then(|name| find(Some(name)))
            .or_else(|| find(None))
    }
}

/// Checks a signature by fetched keys. Returns for how long they are valid.
fn verify_with(jwks: &Jwks, token: &Compact<'_>) -> Result<KeysValidity, Rejection> {
    let (algorithm, id) = (token.header.algorithm, token.header.key_id.as_deref());
    let missing = |name| {
        let jwks = jwks.clone();
        Rejection::Missing(MissingKey { jwks, name })
    };
    // The monotonic clock and the current time, not the time at which the claims are checked.
    let (keys, validity) = jwks
        .valid_keys(ClockReading::now())
        .map_err(|_| missing(None))?;
    if !keys.contains(algorithm, id) {
        if jwks.is_absent(algorithm, id) {
            return Err(TokenError::UnknownKey.into());
        }
        return Err(missing(Some((algorithm, id.map(str::to_owned)))));
    }
    keys.verify(token)?;
    Ok(validity)
}

fn check_type(config: &IssuerConfig, kind: Option<&str>) -> Result<(), TokenError> {
    // Optional by RFC 7515, section 4.1.9.
    const PREFIX: &str = "application/";
    let kind = kind.unwrap_or("JWT");
    let bare = match kind.split_at_checked(PREFIX.len()) {
        Some((start, rest)) if start.eq_ignore_ascii_case(PREFIX) => rest,
        _ => kind,
    };
    let mut types = config.types.iter();
    if types.any(|accepted| accepted.eq_ignore_ascii_case(bare)) {
        return Ok(());
    }
    Err(TokenError::Type)
}

fn check_audience(config: &IssuerConfig, claims: &Claims) -> Result<(), TokenError> {
    let is_accepted = match claims.audience() {
        _ if config.ignore_audience && config.audiences.is_empty() => true,
        None => config.audiences.is_empty(),
        Some(audiences) => audiences
            .iter()
            .any(|audience| config.audiences.contains(audience)),
    };
    if is_accepted {
        return Ok(());
    }
    Err(TokenError::Audience)
}

/// Checks `exp`, `nbf` and `iat`. Returns when the token expires.
fn check_times(
    config: &IssuerConfig,
    claims: &Claims,
    now: SystemTime,
) -> Result<SystemTime, TokenError> {
    let leeway = config.leeway.get();
    let expires = claims.expires.ok_or(TokenError::Claim)?;
    let after_expiry = config
        .expiry_leeway
        .map_or(leeway, |delay| delay.get().min(leeway));
    let until = expires.checked_add(after_expiry).ok_or(TokenError::Claim)?;
    if now >= until {
        return Err(TokenError::Expired);
    }
    let soon = now.checked_add(leeway).ok_or(TokenError::Claim)?;
    let issued = claims.issued.filter(|_| !config.ignore_issued_at);
    let begins = [claims.not_before, issued];
    if begins.into_iter().flatten().any(|begin| begin > soon) {
        return Err(TokenError::NotYetValid);
    }
    Ok(until)
}

fn actor(config: &IssuerConfig, claims: &Claims) -> Result<Actor, TokenError> {
    for name in &config.subject_claims {
        if let Some(subject) = claims.text(name)? {
            return Ok(Actor::new(subject));
        }
    }
    Err(TokenError::Claim)
}

fn tenant(config: &IssuerConfig, claims: &Claims) -> Result<Option<Tenant>, TokenError> {
    let Some(name) = &config.tenant_claim else {
        return Ok(None);
    };
    Ok(claims.text(name)?.map(Tenant::new))
}

fn grants(config: &IssuerConfig, claims: &Claims) -> Result<Grants, TokenError> {
    let (mut roles, mut scopes) = (Vec::new(), Vec::new());
    for name in &config.role_claims {
        roles.extend(claims.list(name)?);
    }
    for name in &config.scope_claims {
        scopes.extend(claims.space_separated(name)?);
    }
    Ok(if config.wildcard_scopes {
        Grants::with_wildcards(roles, scopes)
    } else {
        Grants::new(roles, scopes)
    })
}

impl VerifiedToken {
    /// Returns the caller.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Returns the tenant.
    #[must_use]
    pub fn tenant(&self) -> Option<&Tenant> {
        self.tenant.as_ref()
    }

    /// Returns the roles and scopes of the caller.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// Returns all claims.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Returns the algorithm of the signature.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns when the token expires: its `exp` and the leeway of its issuer.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }

    /// Returns whether the keys that verified the token are still valid. Keys of the settings are
    /// always valid, so this does not read a clock for them.
    pub(super) fn has_valid_keys(&self, now: SystemTime) -> bool {
        self.keys_validity
            .is_none_or(|validity| validity.contains(ClockReading::with_wall(now)))
    }

    #[cfg(test)]
    pub(super) fn with_expires_at(mut self, until: SystemTime) -> Self {
        self.expires_at = until;
        self
    }
}
