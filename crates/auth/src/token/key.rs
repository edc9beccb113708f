use std::{fmt, sync::Arc};

use aws_lc_rs::{hmac, rsa::PublicKeyComponents, signature::ParsedPublicKey};
use seaworthy_core::Secret;

use super::{
    Algorithm, TokenError,
    algorithm::Family,
    jwk::{Jwk, JwkKind},
};

/// A key that verifies signatures. It is parsed once, for a fixed list of algorithms.
///
/// ```
/// use seaworthy_auth::token::{Algorithm, KeyError, VerificationKey};
/// use seaworthy_core::Secret;
///
/// let short = Secret::new(b"too short".to_vec());
/// let key = VerificationKey::secret(Algorithm::Hs256, &short);
/// assert_eq!(key.err(), Some(KeyError::ShortSecret));
/// ```
#[derive(Clone)]
pub struct VerificationKey {
    id: Option<Arc<str>>,
    uses: Arc<[(Algorithm, Use)]>,
}

enum Use {
    Hmac(Box<hmac::Key>),
    Public(ParsedPublicKey),
}

/// An error of a key that cannot be used. It contains no part of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The secret is shorter than the hash (RFC 7518, section 3.2).
    #[error("the secret must be at least 32 bytes for HS256, 48 for HS384 and 64 for HS512")]
    ShortSecret,
    /// The secret is a PEM file or a JSON Web Key.
    #[error("an HMAC secret must not be a PEM file or a JSON Web Key")]
    SecretIsPublic,
    /// The algorithm needs another kind of key.
    #[error("the algorithm needs another kind of key")]
    WrongAlgorithm,
    /// The key is malformed or too weak.
    #[error("the key is malformed, or it is RSA with less than 2048 bits")]
    Unreadable,
    /// The key is for another use.
    #[error("the key is not for signatures")]
    WrongUse,
    /// The kind or the curve is not supported.
    #[error("the kind of key is not supported")]
    Unsupported,
}

impl VerificationKey {
    /// Creates a key from a shared secret, for one HMAC algorithm.
    ///
    /// # Errors
    /// The algorithm is not HMAC, the secret is too short, or it is the text of a public key.
    pub fn secret(algorithm: Algorithm, secret: &Secret<Vec<u8>>) -> Result<Self, KeyError> {
        let hmac = algorithm.hmac().ok_or(KeyError::WrongAlgorithm)?;
        let bytes = secret.expose();
        let start = bytes.trim_ascii_start();
        if start.starts_with(b"-----BEGIN") || start.starts_with(b"{") {
            return Err(KeyError::SecretIsPublic);
        }
        if bytes.len() < hmac.digest_algorithm().output_len() {
            return Err(KeyError::ShortSecret);
        }
        let key = Use::Hmac(Box::new(hmac::Key::new(hmac, bytes)));
        Ok(Self {
            id: None,
            uses: [(algorithm, key)].into(),
        })
    }

    /// Parses a public key in PEM (`PUBLIC KEY`, RFC 5280), for these algorithms.
    ///
    /// # Errors
    /// The text is not a public key for these algorithms.
    pub fn pem(algorithms: &[Algorithm], pem: &str) -> Result<Self, KeyError> {
        use rustls_pki_types::{SubjectPublicKeyInfoDer, pem::PemObject as _};
        let der = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| KeyError::Unreadable)?;
        Self::public(algorithms, |algorithm| {
            let verification = algorithm.verification().ok_or(KeyError::WrongAlgorithm)?;
            ParsedPublicKey::new(verification, &*der).map_err(|_| KeyError::Unreadable)
        })
    }

    /// Reads a JSON Web Key, for those of these algorithms that it supports. A key with `alg`
    /// supports only that one.
    pub(crate) fn jwk(algorithms: &[Algorithm], jwk: &Jwk) -> Result<Self, KeyError> {
        if !jwk.is_for_signatures {
            return Err(KeyError::WrongUse);
        }
        let family = jwk.kind.family();
        let usable: Vec<_> = algorithms
            .iter()
            .copied()
            .filter(|algorithm| algorithm.family() == family)
            .filter(|algorithm| {
                let named = jwk.algorithm.as_deref();
                named.is_none_or(|named| named == algorithm.name())
            })
            .collect();
        if usable.is_empty() {
            return Err(KeyError::WrongAlgorithm);
        }
        let key = match &jwk.kind {
            JwkKind::Secret(secret) => {
                let [algorithm] = usable.as_slice() else {
                    return Err(KeyError::WrongAlgorithm);
                };
                Self::secret(*algorithm, secret)?
            }
            JwkKind::Rsa { n, e } => Self::public(&usable, |algorithm| {
                let parameters = algorithm.rsa().ok_or(KeyError::WrongAlgorithm)?;
                PublicKeyComponents { n, e }
                    .to_parsed_public_key(parameters)
                    .map_err(|_| KeyError::Unreadable)
            })?,
            JwkKind::Curve { point, .. } => Self::public(&usable, |algorithm| {
                let verification = algorithm.verification().ok_or(KeyError::WrongAlgorithm)?;
                ParsedPublicKey::new(verification, point).map_err(|_| KeyError::Unreadable)
            })?,
        };
        Ok(match &jwk.id {
            Some(id) => key.with_id(id),
            None => key,
        })
    }

    fn public(
        algorithms: &[Algorithm],
        parse: impl Fn(Algorithm) -> Result<ParsedPublicKey, KeyError>,
    ) -> Result<Self, KeyError> {
        let uses = algorithms
            .iter()
            .map(|algorithm| Ok((*algorithm, Use::Public(parse(*algorithm)?))))
            .collect::<Result<Vec<_>, KeyError>>()?;
        if uses.is_empty() {
            return Err(KeyError::WrongAlgorithm);
        }
        Ok(Self {
            id: None,
            uses: uses.into(),
        })
    }

    /// Sets the ID. The key then verifies only tokens with this `kid` or without one. A key without
    /// an ID is tried for each token of its algorithms.
    #[must_use]
    pub fn with_id(mut self, id: &str) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Returns the ID.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    pub(crate) fn serves(&self, algorithm: Algorithm, id: Option<&str>) -> bool {
        let is_named = match (self.id(), id) {
            (Some(own), Some(requested)) => own == requested,
            _ => true,
        };
        is_named
            && self
                .uses
                .iter()
                .any(|(supported, _)| *supported == algorithm)
    }

    /// Verifies a signature by an algorithm of the key.
    pub(crate) fn verify(
        &self,
        algorithm: Algorithm,
        signed: &[u8],
        signature: &[u8],
    ) -> Result<(), TokenError> {
        let usage = self
            .uses
            .iter()
            .find(|(supported, _)| *supported == algorithm);
        let (_, usage) = usage.ok_or(TokenError::Algorithm)?;
        let outcome = match usage {
            Use::Hmac(key) => hmac::verify(key, signed, signature),
            Use::Public(key) => key.verify_sig(signed, signature),
        };
        outcome.map_err(|_| TokenError::Signature)
    }
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithms: Vec<_> = self.uses.iter().map(|(algorithm, _)| algorithm).collect();
        formatter
            .debug_struct("VerificationKey")
            .field("id", &self.id)
            .field("algorithms", &algorithms)
            .finish()
    }
}

impl JwkKind {
    fn family(&self) -> Family {
        match self {
            Self::Secret(_) => Family::Hmac,
            Self::Rsa { .. } => Family::Rsa,
            Self::Curve { family, .. } => *family,
        }
    }
}
