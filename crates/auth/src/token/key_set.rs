use super::{
    Algorithm, KeyError, TokenError, VerificationKey,
    compact::Compact,
    jwk::{self, Jwk},
};

/// More keys than any issuer has in use; a set that is larger is a mistake or an attack on whoever searches it.
const MOST_KEYS: usize = 64;
/// A token without a `kid` is tried with this many keys of its algorithm: the current one, the next and two that are retired.
const MOST_TRIES: usize = 4;

/// The keys of one issuer.
#[derive(Debug, Clone, Default)]
pub struct KeySet(Vec<VerificationKey>);

/// A document that is no key set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeySetError {
    /// It is no JSON object with a list `keys`, or names something twice.
    #[error("the document is no JSON Web Key Set")]
    Malformed,
    /// It has more keys than any issuer has in use.
    #[error("the key set has more than {MOST_KEYS} keys")]
    TooMany,
    /// Two keys have one name and one algorithm, so a name would not tell which is meant.
    #[error("two keys of the set have one name")]
    Ambiguous,
    /// None of its keys is for the allowed algorithms.
    #[error("the key set has no key for the allowed algorithms")]
    Nothing,
}

impl KeySet {
    /// These keys.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = VerificationKey>) -> Self {
        Self(keys.into_iter().collect())
    }

    /// The keys of a JSON Web Key Set that are for these algorithms. Others are left out, as RFC 7517, section 5, asks; so is a key that cannot be read, which must
    /// not take the others with it.
    ///
    /// # Errors
    /// [`KeySetError`] when the document is no key set, or nothing of it can be used.
    pub fn parse(document: &[u8], algorithms: &[Algorithm]) -> Result<Self, KeySetError> {
        let keys = jwk::keys(document).map_err(|_| KeySetError::Malformed)?;
        if keys.len() > MOST_KEYS {
            return Err(KeySetError::TooMany);
        }
        let read = |key| Jwk::read(key).and_then(|jwk| VerificationKey::jwk(algorithms, &jwk));
        let keys: Vec<_> = keys.iter().filter_map(|key| read(key).ok()).collect();
        if keys.is_empty() {
            return Err(KeySetError::Nothing);
        }
        let twice = |(index, key): (usize, &VerificationKey)| {
            let before = keys.iter().take(index);
            let others = before.filter(|other| other.id().is_some() && other.id() == key.id());
            let mut others = others.filter(|other| {
                let shared = |algorithm: &Algorithm| {
                    key.serves(*algorithm, None) && other.serves(*algorithm, None)
                };
                algorithms.iter().any(shared)
            });
            others.next().is_some()
        };
        if keys.iter().enumerate().any(twice) {
            return Err(KeySetError::Ambiguous);
        }
        Ok(Self(keys))
    }

    /// The one key of a JSON Web Key, for these algorithms.
    ///
    /// # Errors
    /// [`KeyError`] when it cannot be used.
    pub fn parse_key(key: &[u8], algorithms: &[Algorithm]) -> Result<Self, KeyError> {
        let key = super::json::object(key, jwk::SET_DEPTH).map_err(|_| KeyError::Unreadable)?;
        let key = Jwk::read(&key.into())?;
        Ok(Self(vec![VerificationKey::jwk(algorithms, &key)?]))
    }

    /// Whether a token could be checked by one of the keys.
    pub(crate) fn knows(&self, algorithm: Algorithm, id: Option<&str>) -> bool {
        self.0.iter().any(|key| key.serves(algorithm, id))
    }

    /// Checks the signature of a token by the keys of its algorithm and name.
    pub(crate) fn verify(&self, token: &Compact<'_>) -> Result<(), TokenError> {
        let header = &token.header;
        let id = header.key_id.as_deref();
        let serve = self.0.iter().filter(|key| key.serves(header.algorithm, id));
        let mut outcome = Err(TokenError::UnknownKey);
        for key in serve.take(MOST_TRIES) {
            outcome = key.verify(header.algorithm, token.signed, &token.signature);
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    /// Checks the signature of a token in compact form and gives back its payload, whatever it is: JSON Web Signature (RFC 7515) without the claims of a JSON Web
    /// Token. `longest` is in bytes.
    ///
    /// # Errors
    /// [`TokenError`] for a token that is malformed, of another algorithm than `algorithms`, or not signed by one of these keys.
    pub fn payload(
        &self,
        token: &str,
        algorithms: &[Algorithm],
        longest: usize,
    ) -> Result<Vec<u8>, TokenError> {
        let token = Compact::parse(token, longest)?;
        if !algorithms.contains(&token.header.algorithm) {
            return Err(TokenError::Algorithm);
        }
        self.verify(&token)?;
        Ok(token.payload)
    }
}
