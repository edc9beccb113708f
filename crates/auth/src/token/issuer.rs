use std::{sync::Arc, time::Duration};

use schemars::JsonSchema;
use seaworthy_core::{Delay, Secret};
use serde::{Deserialize, Serialize};

use super::{
    Algorithm, KeyError, KeySet, VerificationKey,
    key_file::KeyFile,
    rotating_keys::{KeySource, RotatingKeys},
};
use crate::jwks::Jwks;

/// The default of `leeway`. The clocks of synchronized servers differ by less.
const DEFAULT_LEEWAY: Delay = Delay::from_secs(30);
/// Maximum of `leeway`: "usually no more than a few minutes" (RFC 7519, section 4.1.4).
const MAX_LEEWAY: Duration = Duration::from_secs(300);
/// The default of `previous_key_ttl`, as long as a token is valid by default.
const DEFAULT_PREVIOUS_KEY_TTL: Delay = Delay::from_secs(900);
/// The prefix of a reference to a file in `public_key`.
const FILE: &str = "file:";

/// A trusted issuer and the rules for its tokens.
///
/// ```
/// use seaworthy_auth::token::{Algorithm, Issuer, IssuerConfig};
/// use seaworthy_core::Secret;
///
/// let issuer = Issuer::new(IssuerConfig {
///     issuer: Some("https://login.example.org".to_owned()),
///     audiences: vec!["events".to_owned()],
///     algorithms: vec![Algorithm::Hs256],
///     token_key: Some(Secret::new("0f8b1d0c6a3e47f2b95d2c81a7e6f439".to_owned())),
///     ..IssuerConfig::default()
/// });
/// assert!(issuer.is_ok());
/// ```
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IssuerConfig {
    /// The `iss` of its tokens. Without it, `iss` is not checked: use that only for a single issuer
    /// that shares a secret with this service.
    pub issuer: Option<String>,
    /// The names of this service. The `aud` of a token must contain one of them. Without names, a
    /// token with an `aud` is rejected.
    pub audiences: Vec<String>,
    /// Whether `aud` is not checked if `audiences` is empty. Enable it only if all services that
    /// share the key accept each other's tokens.
    pub ignore_audience: bool,
    /// Whether `iat` is not checked, for issuers whose clock may be ahead. `nbf` is always checked.
    pub ignore_issued_at: bool,
    /// The algorithms that its tokens may use. There is no default.
    pub algorithms: Vec<Algorithm>,
    /// The secret that this service shares with the issuer, at least as long as the hash of its one
    /// HMAC algorithm.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub token_key: Option<Secret<String>>,
    /// How long tokens of the previous `token_key`, or of the previous file of `public_key`, are
    /// accepted after a rotation. Zero rejects them immediately.
    pub previous_key_ttl: Delay,
    /// The public key of the issuer in PEM, or `file:` and the path of a PEM file. A rotation of
    /// the file takes effect without a restart.
    pub public_key: Option<String>,
    /// The maximum difference between the clocks of the issuer and this service, at most five
    /// minutes.
    pub leeway: Delay,
    /// How long a token is accepted after its `exp`, at most `leeway`. Not set: `leeway`.
    pub expiry_leeway: Option<Delay>,
    /// The accepted values of `typ`, case-insensitive. `JWT` also accepts tokens without `typ`.
    pub types: Vec<String>,
    /// The claims that identify the caller. The first one in the token is used.
    pub subject_claims: Vec<String>,
    /// The claims with roles: a string or a list of strings. A dot selects a member of an object,
    /// as in `realm_access.roles`.
    pub role_claims: Vec<String>,
    /// The claims with scopes.
    pub scope_claims: Vec<String>,
    /// Whether a scope with a `*` at its end grants all scopes that begin with its text, such as
    /// `order:*`. Enable it only for an issuer that writes permissions in this form.
    pub wildcard_scopes: bool,
    /// The claim with the tenant.
    pub tenant_claim: Option<String>,
}

impl Default for IssuerConfig {
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            issuer: None,
            audiences: Vec::new(),
            ignore_audience: false,
            ignore_issued_at: false,
            algorithms: Vec::new(),
            token_key: None,
            previous_key_ttl: DEFAULT_PREVIOUS_KEY_TTL,
            public_key: None,
            leeway: DEFAULT_LEEWAY,
            expiry_leeway: None,
            // The types of access tokens in RFC 7519 and RFC 9068.
            types: names(&["JWT", "at+jwt"]),
            subject_claims: names(&["sub"]),
            role_claims: names(&["role", "roles"]),
            // RFC 8693, and the claim of Microsoft's and Okta's servers.
            scope_claims: names(&["scope", "scp"]),
            wildcard_scopes: false,
            tenant_claim: None,
        }
    }
}

/// A trusted issuer with its keys.
#[derive(Debug, Clone)]
pub struct Issuer {
    pub(super) config: IssuerConfig,
    pub(super) keys: IssuerKeys,
}

#[derive(Debug, Clone)]
pub(super) enum IssuerKeys {
    Fixed(KeySet),
    Rotating(RotatingKeys),
    Fetched(Jwks),
}

/// The settings of an issuer are not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerError {
    /// `algorithms` is empty.
    #[error("`algorithms` must name at least one algorithm")]
    NoAlgorithm,
    /// The algorithms include both kinds. A public key could then serve as a secret.
    #[error("`algorithms` must not contain both HMAC and public-key algorithms")]
    MixedAlgorithms,
    /// Several HMAC algorithms would share `token_key`.
    #[error("`algorithms` must name exactly one algorithm for `token_key`")]
    SeveralSecrets,
    /// The settings have no key, or more than one source of keys.
    #[error("set exactly one of `token_key`, `public_key` and a key set")]
    Keys,
    /// The algorithms include HMAC. Every client can read a fetched key set, so it has no secrets.
    #[error("`algorithms` must not contain HMAC for keys that are fetched")]
    FetchedSecret,
    /// The leeway is longer than the clocks of servers differ.
    #[error("`leeway` must be at most 5 minutes")]
    Leeway,
    /// A key cannot be used.
    #[error("`{setting}` cannot be used")]
    Key {
        /// The setting of the key.
        setting: &'static str,
        /// The reason why the key cannot be used.
        source: KeyError,
    },
    /// The file of the public key cannot be read.
    #[error("`public_key`: the file {path} cannot be read: {reason}")]
    PublicKeyFile {
        /// The path after `file:`.
        path: String,
        /// The error of the operating system.
        reason: String,
    },
    /// Two issuers have the same name.
    #[error("`issuer` must be different for each issuer, and only one issuer may have none")]
    Duplicate,
    /// The list of issuers is empty, so every token would be rejected.
    #[error("there must be at least one issuer")]
    NoIssuer,
}

impl Issuer {
    /// Creates an issuer whose key is in its settings. The key of `token_key` follows rotations of
    /// the secret, and the key of `public_key` those of its file (CONF-5).
    ///
    /// # Errors
    /// [`IssuerError`] for settings that are not valid.
    pub fn new(config: IssuerConfig) -> Result<Self, IssuerError> {
        if config.token_key.is_some() {
            return Self::with_additional_keys(config, &[]);
        }
        check(&config)?;
        let reference = config.public_key.as_ref().ok_or(IssuerError::Keys)?;
        let keys = match reference.strip_prefix(FILE) {
            Some(path) => {
                let file = KeyFile::new(path, config.algorithms.clone());
                let file = file.map_err(|error| IssuerError::PublicKeyFile {
                    path: path.to_owned(),
                    reason: error.to_string(),
                })?;
                let source = KeySource::File(Arc::new(file));
                let keys = RotatingKeys::new(source, config.previous_key_ttl.get());
                keys.map(IssuerKeys::Rotating)
            }
            None => VerificationKey::pem(&config.algorithms, reference)
                .map(|key| IssuerKeys::Fixed(KeySet::new([key]))),
        };
        let keys = keys.map_err(|source| IssuerError::Key {
            setting: "public_key",
            source,
        })?;
        Ok(Self { config, keys })
    }

    /// Creates an issuer whose tokens are signed with `token_key` or with one of these secrets. All
    /// follow rotations (CONF-5).
    ///
    /// # Errors
    /// [`IssuerError`] for settings that are not valid.
    pub fn with_additional_keys(
        config: IssuerConfig,
        additional: &[Secret<String>],
    ) -> Result<Self, IssuerError> {
        check(&config)?;
        let (Some(secret), None) = (&config.token_key, &config.public_key) else {
            return Err(IssuerError::Keys);
        };
        let [algorithm] = config.algorithms.as_slice() else {
            return Err(IssuerError::SeveralSecrets);
        };
        let secrets = std::iter::once(secret).chain(additional).cloned();
        let ttl = config.previous_key_ttl.get();
        let keys = RotatingKeys::new(KeySource::Secrets(*algorithm, secrets.collect()), ttl);
        let keys = keys.map_err(|source| IssuerError::Key {
            setting: "token_key",
            source,
        })?;
        Ok(Self {
            config,
            keys: IssuerKeys::Rotating(keys),
        })
    }

    /// Replaces [`IssuerConfig::previous_key_ttl`], which is at most a week. Use it for tokens with
    /// a longer lifetime, such as refresh tokens of 30 days. Issuers whose keys do not rotate
    /// ignore it.
    #[must_use]
    pub fn with_previous_key_ttl(mut self, ttl: Duration) -> Self {
        if let IssuerKeys::Rotating(keys) = self.keys {
            self.keys = IssuerKeys::Rotating(keys.with_previous_key_ttl(ttl));
        }
        self
    }

    /// Creates an issuer with these keys.
    ///
    /// # Errors
    /// [`IssuerError`] for settings that are not valid.
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

    /// Creates an issuer whose keys are fetched.
    ///
    /// # Errors
    /// [`IssuerError`] for settings that are not valid.
    pub fn with_jwks(config: IssuerConfig, jwks: Jwks) -> Result<Self, IssuerError> {
        check(&config)?;
        if config.token_key.is_some() || config.public_key.is_some() {
            return Err(IssuerError::Keys);
        }
        if jwks
            .algorithms()
            .iter()
            .any(|algorithm| algorithm.is_symmetric())
            || config
                .algorithms
                .iter()
                .any(|algorithm| algorithm.is_symmetric())
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
    let symmetric = config
        .algorithms
        .iter()
        .filter(|algorithm| algorithm.is_symmetric());
    match (config.algorithms.len(), symmetric.count()) {
        (0, _) => return Err(IssuerError::NoAlgorithm),
        (all, symmetric) if symmetric > 0 && symmetric < all => {
            return Err(IssuerError::MixedAlgorithms);
        }
        _ => {}
    }
    if config.leeway.get() > MAX_LEEWAY {
        return Err(IssuerError::Leeway);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const PEM: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
";

    fn with_public_key(reference: &str) -> IssuerConfig {
        IssuerConfig {
            algorithms: vec![Algorithm::EdDsa],
            public_key: Some(reference.to_owned()),
            ..IssuerConfig::default()
        }
    }

    #[test]
    fn public_key_is_read_from_text_or_file_conf_5() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(PEM.as_bytes()).unwrap();
        let reference = format!("file:{}", file.path().display());
        for reference in [PEM, &reference] {
            assert!(
                Issuer::new(with_public_key(reference)).is_ok(),
                "{reference}"
            );
        }
    }

    #[test]
    fn errors_of_keys_name_their_setting_conf_5() {
        let text = |config| {
            let error = Issuer::new(config).unwrap_err();
            assert!(!error.to_string().contains("BEGIN"));
            error.to_string()
        };
        assert_eq!(
            text(with_public_key("-----BEGIN nonsense")),
            "`public_key` cannot be used"
        );
        let missing = text(with_public_key("file:/does/not/exist.pem"));
        let expected = "`public_key`: the file /does/not/exist.pem cannot be read: ";
        assert!(missing.starts_with(expected), "{missing}");
        let short = IssuerConfig {
            algorithms: vec![Algorithm::Hs256],
            token_key: Some(Secret::new("short".to_owned())),
            ..IssuerConfig::default()
        };
        assert_eq!(text(short), "`token_key` cannot be used");
    }

    #[test]
    fn settings_are_shown_without_secrets_conf_5() {
        let config = IssuerConfig {
            token_key: Some(Secret::new("0f8b1d0c6a3e47f2b95d2c81a7e6f439".to_owned())),
            ..with_public_key(PEM)
        };
        let shown = serde_json::to_value(&config).unwrap();
        assert_eq!(shown["public_key"], PEM);
        assert_eq!(shown.get("token_key"), None);
        let read: IssuerConfig = serde_json::from_value(shown).unwrap();
        assert_eq!(read.public_key, config.public_key);
    }
}
