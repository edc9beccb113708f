use std::time::Duration;

use schemars::JsonSchema;
use seaworthy_core::{Delay, Secret};
use serde::Deserialize;

use super::{Algorithm, KeyError, KeySet, VerificationKey};
use crate::jwks::Jwks;

/// Clocks of servers that are kept in step differ by less; it is also what the services of one platform see of each other at worst.
const LEEWAY: Delay = Delay::from_secs(30);
/// With more, a token outlives its time by more than a clock can explain (RFC 7519, section 4.1.4: "usually no more than a few minutes").
const MOST_LEEWAY: Duration = Duration::from_secs(300);

/// Whose tokens are believed, and when.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IssuerConfig {
    /// The `iss` of its tokens. Without one, `iss` is not looked at: for a single issuer that shares a secret with this service.
    pub issuer: Option<String>,
    /// The names of this service. A token must be meant for one of them; without any, a token that is meant for somebody is refused.
    pub audiences: Vec<String>,
    /// The algorithms that its tokens may use. There is no default: what is not named is refused.
    pub algorithms: Vec<Algorithm>,
    /// The secret shared with it, at least as long as the hash of its one algorithm.
    #[schemars(extend("x-signing-key" = true))]
    pub token_key: Option<Secret<String>>,
    /// Its public key in PEM.
    pub public_key: Option<String>,
    /// How far its clock may differ from ours, at most five minutes.
    pub leeway: Delay,
    /// The values of `typ` that are accepted, without case. A token that has none is accepted where `JWT` is.
    pub types: Vec<String>,
    /// The claims of which the first that is there names the caller.
    pub subject_claims: Vec<String>,
    /// The claims that name roles: texts or lists; a point leads into an object, as in `realm_access.roles`.
    pub role_claims: Vec<String>,
    /// The claims that name scopes.
    pub scope_claims: Vec<String>,
    /// The claim that names the tenant.
    pub tenant_claim: Option<String>,
}

impl Default for IssuerConfig {
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            issuer: None,
            audiences: Vec::new(),
            algorithms: Vec::new(),
            token_key: None,
            public_key: None,
            leeway: LEEWAY,
            // What is in use for access tokens: RFC 7519 and RFC 9068.
            types: names(&["JWT", "at+jwt"]),
            subject_claims: names(&["sub"]),
            role_claims: names(&["role", "roles"]),
            // RFC 8693, and what Microsoft's and Okta's servers write.
            scope_claims: names(&["scope", "scp"]),
            tenant_claim: None,
        }
    }
}

/// One trusted issuer with its keys.
#[derive(Debug, Clone)]
pub struct Issuer {
    pub(super) config: IssuerConfig,
    pub(super) keys: IssuerKeys,
}

#[derive(Debug, Clone)]
pub(super) enum IssuerKeys {
    Fixed(KeySet),
    Fetched(Jwks),
}

/// Settings of an issuer that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerError {
    /// What is not named is refused, so nothing would be accepted.
    #[error("`algorithms` is empty, so no token would ever be accepted")]
    NoAlgorithm,
    /// With one key for two kinds, a public key could serve as a secret.
    #[error("`algorithms` mixes HMAC with public keys; an issuer uses one or the other")]
    MixedAlgorithms,
    /// Several HMAC algorithms under one secret.
    #[error("`algorithms` names more than one HMAC algorithm for one secret")]
    SeveralSecrets,
    /// There is none, or there are two.
    #[error("exactly one of `token_key`, `public_key` and a key set is needed")]
    Keys,
    /// A fetched key set holds no secrets: whoever can read it could sign.
    #[error("keys that are fetched are public, and `algorithms` names HMAC")]
    FetchedSecret,
    /// More than a clock can explain.
    #[error("`leeway` is above five minutes")]
    Leeway,
    /// A key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Two issuers have one name.
    #[error("two issuers have the same `issuer`, or two have none")]
    Twice,
    /// Nobody is trusted.
    #[error("there is no issuer, so no token would ever be accepted")]
    Nobody,
}

impl Issuer {
    /// An issuer whose key is in its settings.
    ///
    /// # Errors
    /// [`IssuerError`] for settings that cannot work.
    pub fn new(config: IssuerConfig) -> Result<Self, IssuerError> {
        check(&config)?;
        let key = match (&config.token_key, &config.public_key) {
            (Some(secret), None) => {
                let [algorithm] = config.algorithms.as_slice() else {
                    return Err(IssuerError::SeveralSecrets);
                };
                let bytes = Secret::new(secret.expose().clone().into_bytes());
                VerificationKey::secret(*algorithm, &bytes)?
            }
            (None, Some(pem)) => VerificationKey::pem(&config.algorithms, pem)?,
            _ => return Err(IssuerError::Keys),
        };
        Ok(Self {
            config,
            keys: IssuerKeys::Fixed(KeySet::new([key])),
        })
    }

    /// An issuer with these keys.
    ///
    /// # Errors
    /// [`IssuerError`] for settings that cannot work.
    pub fn with_keys(config: IssuerConfig, keys: KeySet) -> Result<Self, IssuerError> {
        check(&config)?;
        if config.token_key.is_some() || config.public_key.is_some() {
            return Err(IssuerError::Keys);
        }
        Ok(Self {
            config,
            keys: IssuerKeys::Fixed(keys),
        })
    }

    /// An issuer whose keys are fetched.
    ///
    /// # Errors
    /// [`IssuerError`] for settings that cannot work.
    pub fn with_jwks(config: IssuerConfig, jwks: Jwks) -> Result<Self, IssuerError> {
        check(&config)?;
        if config.token_key.is_some() || config.public_key.is_some() {
            return Err(IssuerError::Keys);
        }
        if jwks.algorithms().iter().any(|one| one.is_symmetric())
            || config.algorithms.iter().any(|one| one.is_symmetric())
        {
            return Err(IssuerError::FetchedSecret);
        }
        Ok(Self {
            config,
            keys: IssuerKeys::Fetched(jwks),
        })
    }
}

fn check(config: &IssuerConfig) -> Result<(), IssuerError> {
    let secrets = config.algorithms.iter().filter(|one| one.is_symmetric());
    match (config.algorithms.len(), secrets.count()) {
        (0, _) => return Err(IssuerError::NoAlgorithm),
        (all, secrets) if secrets > 0 && secrets < all => return Err(IssuerError::MixedAlgorithms),
        _ => {}
    }
    if config.leeway.get() > MOST_LEEWAY {
        return Err(IssuerError::Leeway);
    }
    Ok(())
}
