use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use seaworthy_core::{Actor, ByteSize, Grants, Tenant};
use tokio::time::Instant;

use super::{
    Algorithm, Claims, Issuer, IssuerError, TokenError,
    compact::Compact,
    issuer::{IssuerConfig, IssuerKeys},
};
use crate::jwks::Jwks;

/// A token with the groups of a large organisation fits into it; a header of HTTP is seldom allowed more.
const LONGEST_TOKEN: ByteSize = ByteSize::kibibytes(8);

/// Believes the tokens of some issuers and no others. Cheap to clone.
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
    longest: usize,
}

/// A token that was believed at the time it was looked at: whose it is and what its bearer may do.
#[derive(Debug, Clone)]
pub struct VerifiedToken {
    actor: Actor,
    tenant: Option<Tenant>,
    grants: Grants,
    claims: Claims,
    algorithm: Algorithm,
    until: SystemTime,
    keys_until: Option<Instant>,
}

/// Why a token was not believed at once.
pub(crate) enum Refusal {
    /// It proves nothing.
    Wrong(TokenError),
    /// Nothing can be said of it before newer keys of its issuer were asked for; without any, this is what is said.
    AskFor(Jwks, TokenError),
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        Self::Wrong(error)
    }
}

impl TokenVerifier {
    /// Believes these issuers.
    ///
    /// # Errors
    /// There is none, or a token could be of two.
    pub fn new(issuers: impl IntoIterator<Item = Issuer>) -> Result<Self, IssuerError> {
        let issuers: Vec<_> = issuers.into_iter().collect();
        if issuers.is_empty() {
            return Err(IssuerError::Nobody);
        }
        let twice = issuers.iter().enumerate().any(|(index, issuer)| {
            let mut before = issuers.iter().take(index);
            before.any(|other| other.config.issuer == issuer.config.issuer)
        });
        if twice {
            return Err(IssuerError::Twice);
        }
        Ok(Self(Arc::new(Inner {
            issuers,
            longest: LONGEST_TOKEN.as_usize(),
        })))
    }

    /// The key sets that are fetched, which somebody has to keep fresh.
    pub fn key_sets(&self) -> impl Iterator<Item = &Jwks> {
        let issuers = self.0.issuers.iter();
        issuers.filter_map(|issuer| match &issuer.keys {
            IssuerKeys::Fetched(jwks) => Some(jwks),
            IssuerKeys::Fixed(_) => None,
        })
    }

    /// A number that is another when a key may have been taken back.
    pub(crate) fn generation(&self) -> u64 {
        let generations = self.key_sets().map(Jwks::generation);
        generations.fold(0, u64::wrapping_add)
    }

    /// Looks at a token with the keys that are known now.
    ///
    /// # Errors
    /// [`TokenError`] with the first thing that is wrong.
    pub fn verify_now(&self, token: &str, now: SystemTime) -> Result<VerifiedToken, TokenError> {
        self.look(token, now).map_err(|refusal| match refusal {
            Refusal::Wrong(error) | Refusal::AskFor(_, error) => error,
        })
    }

    /// Looks at a token, and asks its issuer for newer keys where it names one that is not known, as often as the key set allows.
    ///
    /// # Errors
    /// [`TokenError`] with the first thing that is wrong.
    pub async fn verify(&self, token: &str, now: SystemTime) -> Result<VerifiedToken, TokenError> {
        match self.look(token, now) {
            Ok(verified) => Ok(verified),
            Err(Refusal::Wrong(error)) => Err(error),
            Err(Refusal::AskFor(jwks, _)) => {
                let refreshed = jwks.refresh_on_demand().await;
                self.look(token, now).map_err(|refusal| match refusal {
                    Refusal::Wrong(error) => error,
                    // Without newer keys the token can be neither accepted nor rejected.
                    Refusal::AskFor(_, error) => refreshed.err().unwrap_or(error),
                })
            }
        }
    }

    pub(crate) fn look(&self, token: &str, now: SystemTime) -> Result<VerifiedToken, Refusal> {
        let token = Compact::parse(token, self.0.longest)?;
        let claims = Claims::parse(&token.payload)?;
        let issuer = self.issuer_of(&claims).ok_or(TokenError::Issuer)?;
        let config = &issuer.config;
        if !config.algorithms.contains(&token.header.algorithm) {
            return Err(TokenError::Algorithm.into());
        }
        let keys_until = match &issuer.keys {
            IssuerKeys::Fixed(keys) => {
                keys.verify(&token)?;
                None
            }
            IssuerKeys::Fetched(jwks) => {
                let ask = |error| Refusal::AskFor(jwks.clone(), error);
                let (keys, until) = jwks.believed().map_err(ask)?;
                let id = token.header.key_id.as_deref();
                if !keys.knows(token.header.algorithm, id) {
                    return Err(ask(TokenError::UnknownKey));
                }
                keys.verify(&token)?;
                until
            }
        };
        // From here on the issuer has said all this, and it is told apart what is wrong with it.
        check_type(config, token.header.kind.as_deref())?;
        check_audience(config, &claims)?;
        let until = check_times(config.leeway.get(), &claims, now)?;
        Ok(VerifiedToken {
            actor: actor(config, &claims)?,
            tenant: tenant(config, &claims)?,
            grants: grants(config, &claims)?,
            claims,
            algorithm: token.header.algorithm,
            until,
            keys_until,
        })
    }

    /// The issuer that a token names, found in the list and not made of the token; the one without a name where it takes every token.
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

fn check_type(config: &IssuerConfig, kind: Option<&str>) -> Result<(), TokenError> {
    // A prefix that RFC 7515, section 4.1.9, lets writers leave out.
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
    let is_meant = match claims.audience() {
        None => config.audiences.is_empty(),
        Some(meant) => meant.iter().any(|one| config.audiences.contains(one)),
    };
    if is_meant {
        return Ok(());
    }
    Err(TokenError::Audience)
}

/// Until when the token is believed.
fn check_times(
    leeway: Duration,
    claims: &Claims,
    now: SystemTime,
) -> Result<SystemTime, TokenError> {
    let expires = claims.expires.ok_or(TokenError::Claim)?;
    let until = expires.checked_add(leeway).ok_or(TokenError::Claim)?;
    if now >= until {
        return Err(TokenError::Expired);
    }
    let soon = now.checked_add(leeway).ok_or(TokenError::Claim)?;
    let begins = [claims.not_before, claims.issued];
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
        scopes.extend(claims.words(name)?);
    }
    Ok(Grants::new(roles, scopes))
}

impl VerifiedToken {
    /// Who bears it.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// On whose behalf.
    #[must_use]
    pub fn tenant(&self) -> Option<&Tenant> {
        self.tenant.as_ref()
    }

    /// What its bearer may do.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// All that it says.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The algorithm that it is signed with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Until when it is believed: its `exp` and the leeway of its issuer.
    #[must_use]
    pub fn until(&self) -> SystemTime {
        self.until
    }

    /// Whether the keys that it was checked with are still believed. Those of settings always are, and cost no look at the clock.
    pub(super) fn has_believed_keys(&self) -> bool {
        self.keys_until.is_none_or(|until| Instant::now() <= until)
    }

    #[cfg(test)]
    pub(super) fn with_until(mut self, until: SystemTime) -> Self {
        self.until = until;
        self
    }
}
