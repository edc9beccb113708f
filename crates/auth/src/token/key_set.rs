use super::{
    Algorithm, KeyError, TokenError, VerificationKey,
    compact::Compact,
    jwk::{self, Jwk},
};

/// Maximum number of keys of a set, more than an issuer has in use.
const MAX_KEYS: usize = 64;
/// Maximum keys that are tried for a token without a `kid`: the current, the next and two
/// retired keys.
const MAX_ATTEMPTS: usize = 4;

/// The keys of one issuer.
///
/// ```
/// use seaworthy_auth::token::{Algorithm, KeySet, VerificationKey};
/// use seaworthy_core::Secret;
///
/// let secret = Secret::new(b"0f8b1d0c6a3e47f2b95d2c81a7e6f439".to_vec());
/// let key = VerificationKey::secret(Algorithm::Hs256, &secret)?;
/// let keys = KeySet::new([key]);
/// # drop(keys);
/// # Ok::<_, seaworthy_auth::token::KeyError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct KeySet(Vec<VerificationKey>);

/// The document is not a usable key set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeySetError {
    /// The document is not a JSON object with a list `keys`, or has a duplicate name.
    #[error("the document is not a JSON Web Key Set")]
    Malformed,
    /// The set has too many keys.
    #[error("the key set has more than {MAX_KEYS} keys")]
    TooMany,
    /// Two keys have the same `kid` and algorithm.
    #[error("two keys of the set have the same kid")]
    Ambiguous,
    /// No key supports the allowed algorithms.
    #[error("the key set has no key for the allowed algorithms")]
    Nothing,
}

impl KeySet {
    /// Creates a set of these keys.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = VerificationKey>) -> Self {
        Self(keys.into_iter().collect())
    }

    /// Parses the keys of a JSON Web Key Set that support these algorithms. It skips others and
    /// malformed keys (RFC 7517, section 5).
    ///
    /// # Errors
    /// [`KeySetError`] if the document is not a key set, or has no usable key.
    pub fn parse(document: &[u8], algorithms: &[Algorithm]) -> Result<Self, KeySetError> {
        let keys = jwk::keys(document).map_err(|_| KeySetError::Malformed)?;
        if keys.len() > MAX_KEYS {
            return Err(KeySetError::TooMany);
        }
        let read = |key| Jwk::parse(key).and_then(|jwk| VerificationKey::jwk(algorithms, &jwk));
        let keys: Vec<_> = keys.iter().filter_map(|key| read(key).ok()).collect();
        if keys.is_empty() {
            return Err(KeySetError::Nothing);
        }
        let is_duplicate = |(index, key): (usize, &VerificationKey)| {
            let previous = keys.iter().take(index);
            let others = previous.filter(|other| other.id().is_some() && other.id() == key.id());
            let mut others = others.filter(|other| {
                let shared = |algorithm: &Algorithm| {
                    key.serves(*algorithm, None) && other.serves(*algorithm, None)
                };
                algorithms.iter().any(shared)
            });
            others.next().is_some()
        };
        if keys.iter().enumerate().any(is_duplicate) {
            return Err(KeySetError::Ambiguous);
        }
        Ok(Self(keys))
    }

    /// Parses one JSON Web Key, for these algorithms.
    ///
    /// # Errors
    /// [`KeyError`] if the key cannot be used.
    pub fn parse_key(key: &[u8], algorithms: &[Algorithm]) -> Result<Self, KeyError> {
        let key = super::json::object(key, jwk::SET_DEPTH).map_err(|_| KeyError::Unreadable)?;
        let key = Jwk::parse(&key.into())?;
        Ok(Self(vec![VerificationKey::jwk(algorithms, &key)?]))
    }

    /// Whether a key has this algorithm and ID.
    pub(crate) fn contains(&self, algorithm: Algorithm, id: Option<&str>) -> bool {
        self.0.iter().any(|key| key.serves(algorithm, id))
    }

    /// Verifies the signature of a token by the keys of its algorithm and `kid`.
    pub(crate) fn verify(&self, token: &Compact<'_>) -> Result<(), TokenError> {
        let header = &token.header;
        let id = header.key_id.as_deref();
        let candidates = self.0.iter().filter(|key| key.serves(header.algorithm, id));
        let mut outcome = Err(TokenError::UnknownKey);
        for key in candidates.take(MAX_ATTEMPTS) {
            outcome = key.verify(header.algorithm, token.signed, &token.signature);
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    /// Verifies a JSON Web Signature (RFC 7515) in compact form and returns its payload, which need
    /// not be claims. `max_length` is in bytes.
    ///
    /// # Errors
    /// [`TokenError`] if the signature is malformed, by another algorithm or by another key.
    pub fn payload(
        &self,
        token: &str,
        algorithms: &[Algorithm],
        max_length: usize,
    ) -> Result<Vec<u8>, TokenError> {
        let token = Compact::parse(token, max_length)?;
        if !algorithms.contains(&token.header.algorithm) {
            return Err(TokenError::Algorithm);
        }
        self.verify(&token)?;
        Ok(token.payload)
    }
}
