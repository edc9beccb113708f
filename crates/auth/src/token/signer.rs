use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwap;
use axum::routing::get;
use http::{HeaderValue, header};
use schemars::JsonSchema;
use seaworthy_core::{Secret, Timeout, new_id};
use seaworthy_http::{Access, RouteOptions, Routes};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Algorithm, KeyError, KeySet, SigningKey, compact::encode};

/// The default of `lifetime`. A stolen token is valid for this time at most (AUTH-3).
const DEFAULT_LIFETIME: Timeout = Timeout::from_secs(900);
/// The usual path of a key set.
const JWKS_PATH: &str = "/.well-known/jwks.json";
/// The `Cache-Control` of the key set: as long as verifiers wait between two refreshes.
const JWKS_CACHE: &str = "public, max-age=300";

/// The claims and the header of each token of a signer.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TokenSignerConfig {
    /// The `iss` claim. Empty: tokens have none.
    pub issuer: String,
    /// How long a token is valid.
    pub lifetime: Timeout,
    /// The `typ` header, so that tokens of one kind are not accepted as another kind.
    pub kind: String,
}

impl Default for TokenSignerConfig {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            lifetime: DEFAULT_LIFETIME,
            kind: "JWT".to_owned(),
        }
    }
}

/// The claims of one token.
///
/// ```
/// use seaworthy_auth::token::NewToken;
///
/// let token = NewToken::for_subject("0192d3a8").audience("events").claim("role", "moderator");
/// ```
#[derive(Debug, Clone)]
#[must_use = "sign the token"]
pub struct NewToken {
    claims: Map<String, Value>,
    lifetime: Option<Duration>,
    kind: Option<&'static str>,
}

impl NewToken {
    /// Creates a token with this `sub`.
    pub fn for_subject(subject: impl Into<String>) -> Self {
        let mut claims = Map::new();
        claims.insert("sub".to_owned(), Value::String(subject.into()));
        Self {
            claims,
            lifetime: None,
            kind: None,
        }
    }

    /// Sets how long the token is valid, instead of the lifetime of the signer.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// Sets the `typ` header, instead of the kind of the signer. Verifiers of one kind reject
    /// tokens of another kind.
    pub fn kind(mut self, kind: &'static str) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Sets `aud`.
    pub fn audience(self, audience: impl Into<String>) -> Self {
        self.claim("aud", audience.into())
    }

    /// Sets `jti`, the ID of the token. Without it, the signer creates a UUID.
    pub fn id(self, id: impl Into<String>) -> Self {
        self.claim("jti", id.into())
    }

    /// Adds a claim. The signer sets `iss`, `iat` and `exp`, and `nbf` if it is missing.
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }
}

/// An error of signing a token or of rotating a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The key cannot sign.
    #[error("the token cannot be signed")]
    Key(#[from] KeyError),
    /// There is a key with this ID.
    #[error("there is already a key with the ID {0:?}")]
    Duplicate(String),
    /// No key has this ID.
    #[error("there is no key with the ID {0:?}")]
    Unknown(String),
    /// The key is active.
    #[error("the key {0:?} signs tokens: activate another key first")]
    Active(String),
    /// The clock is before 1970, or the time cannot be encoded.
    #[error("the system time is out of range")]
    Clock,
}

/// Signs tokens with one key at a time. Cheap to clone. All clones share the keys.
///
/// Rotate a key in three steps. [`publish`](Self::publish) the new key and wait until caches of
/// the key set have expired. [`activate`](Self::activate) it and wait for the lifetime of a token.
/// [`remove`](Self::remove) the old key.
///
/// ```
/// use seaworthy_auth::token::{Algorithm, NewToken, SigningKey, TokenSigner, TokenSignerConfig};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key = SigningKey::generate("2026-11", Algorithm::EdDsa)?;
/// let signer = TokenSigner::new(TokenSignerConfig::default(), key);
/// let token = signer.sign(NewToken::for_subject("ada").audience("events"))?;
/// assert_eq!(token.expose().split('.').count(), 3);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct TokenSigner(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: TokenSignerConfig,
    keys: ArcSwap<Keys>,
    secret: Option<SharedSecret>,
}

/// The secret of the signing key, which may be rotated.
#[derive(Debug)]
struct SharedSecret {
    id: String,
    algorithm: Algorithm,
    secret: Secret<String>,
    /// The version of the secret that was read last.
    version: AtomicU64,
}

impl SharedSecret {
    fn key(&self) -> Result<SigningKey, KeyError> {
        let bytes = Secret::new(self.secret.current().expose().clone().into_bytes());
        SigningKey::secret(self.id.as_str(), self.algorithm, &bytes)
    }
}

#[derive(Debug, Clone)]
struct Keys {
    active: Arc<SigningKey>,
    all: Vec<Arc<SigningKey>>,
}

impl TokenSigner {
    /// Creates a signer with this key.
    #[must_use]
    pub fn new(config: TokenSignerConfig, key: SigningKey) -> Self {
        Self::create(config, key, None)
    }

    /// Creates a signer with a secret that verifiers share. When the secret is rotated, new tokens
    /// are signed with its new value (CONF-5). `id` is the `kid` of all values.
    ///
    /// # Errors
    /// As [`SigningKey::secret`].
    pub fn with_secret(
        config: TokenSignerConfig,
        id: impl Into<String>,
        algorithm: Algorithm,
        secret: &Secret<String>,
    ) -> Result<Self, KeyError> {
        let secret = SharedSecret {
            id: id.into(),
            algorithm,
            version: AtomicU64::new(secret.version()),
            secret: secret.clone(),
        };
        Ok(Self::create(config, secret.key()?, Some(secret)))
    }

    fn create(config: TokenSignerConfig, key: SigningKey, secret: Option<SharedSecret>) -> Self {
        let active = Arc::new(key);
        let keys = Keys {
            all: vec![Arc::clone(&active)],
            active,
        };
        Self(Arc::new(Inner {
            config,
            keys: ArcSwap::from_pointee(keys),
            secret,
        }))
    }

    /// Replaces the key of a rotated secret.
    fn follow_rotation(&self) {
        let Some(secret) = &self.0.secret else {
            return;
        };
        let version = secret.secret.version();
        if secret.version.swap(version, Ordering::AcqRel) == version {
            return;
        }
        match secret.key() {
            Ok(key) => {
                let active = Arc::new(key);
                self.0.keys.store(Arc::new(Keys {
                    all: vec![Arc::clone(&active)],
                    active,
                }));
                tracing::info!("tokens are signed with the new value of a rotated secret");
            }
            Err(error) => {
                tracing::error!(%error, "a rotated secret of tokens cannot be used, so its previous value signs tokens");
            }
        }
    }

    /// Publishes a key that does not sign yet.
    ///
    /// # Errors
    /// There is a key with this ID.
    pub fn publish(&self, key: SigningKey) -> Result<(), SignError> {
        let key = Arc::new(key);
        self.change(|keys| {
            if keys.all.iter().any(|known| known.id() == key.id()) {
                return Err(SignError::Duplicate(key.id().to_owned()));
            }
            keys.all.push(Arc::clone(&key));
            Ok(())
        })
    }

    /// Makes a published key the signing key.
    ///
    /// # Errors
    /// No key has this ID.
    pub fn activate(&self, id: &str) -> Result<(), SignError> {
        self.change(|keys| {
            let mut all = keys.all.iter();
            let found = all.find(|known| known.id() == id);
            keys.active = Arc::clone(found.ok_or_else(|| SignError::Unknown(id.to_owned()))?);
            Ok(())
        })
    }

    /// Removes a key from the key set. Verifiers reject its tokens after their next refresh.
    ///
    /// # Errors
    /// No key has this ID, or the key is active.
    pub fn remove(&self, id: &str) -> Result<(), SignError> {
        self.change(|keys| {
            if keys.active.id() == id {
                return Err(SignError::Active(id.to_owned()));
            }
            let before = keys.all.len();
            keys.all.retain(|known| known.id() != id);
            if keys.all.len() == before {
                return Err(SignError::Unknown(id.to_owned()));
            }
            Ok(())
        })
    }

    fn change(&self, change: impl Fn(&mut Keys) -> Result<(), SignError>) -> Result<(), SignError> {
        let mut outcome = Ok(());
        self.0.keys.rcu(|keys| {
            let mut keys = Keys::clone(keys);
            outcome = change(&mut keys);
            keys
        });
        outcome
    }

    /// Returns the lifetime of a token.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.0.config.lifetime.get()
    }

    /// Signs a token with the current time.
    ///
    /// # Errors
    /// [`SignError`] if the key or the clock fails.
    pub fn sign(&self, token: NewToken) -> Result<Secret<String>, SignError> {
        self.sign_at(token, SystemTime::now())
    }

    /// Signs a token as of `now`.
    ///
    /// # Errors
    /// [`SignError`] if the key fails or `now` is before 1970.
    pub fn sign_at(&self, token: NewToken, now: SystemTime) -> Result<Secret<String>, SignError> {
        self.follow_rotation();
        let Inner { config, keys, .. } = &*self.0;
        let since = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_err(|_| SignError::Clock)?;
        let NewToken {
            mut claims,
            lifetime,
            kind,
        } = token;
        let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        if !config.issuer.is_empty() {
            set("iss", config.issuer.clone().into());
        }
        let expires = since.checked_add(lifetime.unwrap_or(config.lifetime.get()));
        set("iat", since.as_secs().into());
        set("exp", expires.map(|end: Duration| end.as_secs()).into());
        claims
            .entry("nbf")
            .or_insert_with(|| since.as_secs().into());
        claims
            .entry("jti")
            .or_insert_with(|| new_id().to_string().into());
        let key = Arc::clone(&keys.load().active);
        let header = Header {
            alg: key.algorithm().name(),
            typ: kind.unwrap_or(&config.kind),
            kid: key.id(),
        };
        let write = |bytes: Result<Vec<u8>, serde_json::Error>| {
            bytes
                .map(|bytes| encode(&bytes))
                .map_err(|_| SignError::Clock)
        };
        let header = write(serde_json::to_vec(&header))?;
        let claims = write(serde_json::to_vec(&claims))?;
        let mut text = format!("{header}.{claims}");
        let signature = key.sign(text.as_bytes())?;
        text.push('.');
        text.push_str(&encode(&signature));
        Ok(Secret::new(text))
    }

    /// Returns the keys that verify its tokens in this process.
    ///
    /// # Errors
    /// The library cannot encode the public part of a key.
    pub fn verification(&self) -> Result<KeySet, KeyError> {
        let keys = self.0.keys.load();
        let keys = keys.all.iter().map(|key| key.verification());
        Ok(KeySet::new(keys.collect::<Result<Vec<_>, _>>()?))
    }

    /// Returns the public keys as a JSON Web Key Set, without secrets.
    #[must_use]
    pub fn jwks(&self) -> String {
        let keys = self.0.keys.load();
        let public: Vec<_> = keys.all.iter().filter_map(|key| key.public_jwk()).collect();
        json!({ "keys": public }).to_string()
    }

    /// Returns a public route with the key set, at `/.well-known/jwks.json`.
    pub fn routes(&self) -> Routes {
        let signer = self.clone();
        let answer = async move || {
            let kind = HeaderValue::from_static("application/jwk-set+json");
            let cache = HeaderValue::from_static(JWKS_CACHE);
            let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache)];
            (headers, signer.jwks())
        };
        let options = RouteOptions::new().access(Access::Public);
        Routes::new().route_with(JWKS_PATH, get(answer), options)
    }
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'a str,
    kid: &'a str,
}
