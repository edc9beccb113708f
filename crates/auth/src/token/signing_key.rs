use std::fmt;

use aws_lc_rs::{
    encoding::{AsBigEndian, EcPublicKeyUncompressedBin},
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
        ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
        KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256,
        RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
    },
};
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};
use seaworthy_core::Secret;
use serde_json::{Value, json};

use super::{Algorithm, KeyError, VerificationKey, algorithm::Family, compact::encode, jwk::Jwk};

/// A key that signs tokens. It is parsed once.
pub struct SigningKey {
    id: String,
    algorithm: Algorithm,
    pair: Pair,
}

enum Pair {
    Hmac(Box<hmac::Key>, Secret<Vec<u8>>),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ecdsa(EcdsaKeyPair, usize),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Generates a key for the algorithm, RSA with 2048 bits. It exists only in memory: after a
    /// restart its tokens are invalid.
    ///
    /// # Errors
    /// The operating system provides no random bytes, or the algorithm is HMAC, whose secret
    /// verifiers need.
    pub fn generate(id: impl Into<String>, algorithm: Algorithm) -> Result<Self, KeyError> {
        let unreadable = |_| KeyError::Unreadable;
        let pair = match algorithm.family() {
            Family::Hmac => return Err(KeyError::WrongAlgorithm),
            Family::Rsa => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(unreadable)?;
                Pair::Rsa(pair, rsa(algorithm)?)
            }
            Family::Ed25519 => Pair::Ed25519(Ed25519KeyPair::generate().map_err(unreadable)?),
            Family::P256 | Family::P384 | Family::P521 => {
                let (signing, length) = ecdsa(algorithm)?;
                Pair::Ecdsa(EcdsaKeyPair::generate(signing).map_err(unreadable)?, length)
            }
        };
        Ok(Self {
            id: id.into(),
            algorithm,
            pair,
        })
    }

    /// Parses a private key in PEM (`PRIVATE KEY`, PKCS #8).
    ///
    /// # Errors
    /// The text is not a private key for the algorithm.
    pub fn pem(
        id: impl Into<String>,
        algorithm: Algorithm,
        pem: &Secret<String>,
    ) -> Result<Self, KeyError> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.expose().as_bytes())
            .map_err(|_| KeyError::Unreadable)?;
        let der = der.secret_pkcs8_der();
        let unreadable = |_| KeyError::Unreadable;
        let pair = match algorithm.family() {
            Family::Hmac => return Err(KeyError::WrongAlgorithm),
            Family::Rsa => {
                let pair = RsaKeyPair::from_pkcs8(der).map_err(unreadable)?;
                Pair::Rsa(pair, rsa(algorithm)?)
            }
            Family::Ed25519 => Pair::Ed25519(Ed25519KeyPair::from_pkcs8(der).map_err(unreadable)?),
            Family::P256 | Family::P384 | Family::P521 => {
                let (signing, length) = ecdsa(algorithm)?;
                let pair = EcdsaKeyPair::from_pkcs8(signing, der).map_err(unreadable)?;
                Pair::Ecdsa(pair, length)
            }
        };
        Ok(Self {
            id: id.into(),
            algorithm,
            pair,
        })
    }

    /// Creates a key from a secret that verifiers share.
    ///
    /// # Errors
    /// As [`VerificationKey::secret`].
    pub fn secret(
        id: impl Into<String>,
        algorithm: Algorithm,
        secret: &Secret<Vec<u8>>,
    ) -> Result<Self, KeyError> {
        VerificationKey::secret(algorithm, secret)?;
        let hmac = algorithm.hmac().ok_or(KeyError::WrongAlgorithm)?;
        Ok(Self {
            id: id.into(),
            algorithm,
            pair: Pair::Hmac(
                Box::new(hmac::Key::new(hmac, secret.expose())),
                secret.clone(),
            ),
        })
    }

    /// Returns the ID, which tokens carry as `kid`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the algorithm.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let unreadable = |_| KeyError::Unreadable;
        Ok(match &self.pair {
            Pair::Hmac(key, _) => hmac::sign(key, message).as_ref().to_vec(),
            Pair::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &SystemRandom::new(), message, &mut signature)
                    .map_err(unreadable)?;
                signature
            }
            Pair::Ecdsa(pair, _) => pair
                .sign(&SystemRandom::new(), message)
                .map_err(unreadable)?
                .as_ref()
                .to_vec(),
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        })
    }

    /// Returns the public key as a JSON Web Key, or `None` for a secret.
    #[must_use]
    pub fn public_jwk(&self) -> Option<Value> {
        let mut jwk = match &self.pair {
            Pair::Hmac(..) => return None,
            Pair::Rsa(pair, _) => {
                let public = pair.public_key();
                let n = encode(public.modulus().big_endian_without_leading_zero());
                let e = encode(public.exponent().big_endian_without_leading_zero());
                json!({ "kty": "RSA", "n": n, "e": e })
            }
            Pair::Ecdsa(pair, length) => {
                let point: EcPublicKeyUncompressedBin<'_> = pair.public_key().as_be_bytes().ok()?;
                let (x, y) = point.as_ref().get(1..)?.split_at_checked(*length)?;
                let curve = match self.algorithm.family() {
                    Family::P256 => "P-256",
                    Family::P384 => "P-384",
                    _ => "P-521",
                };
                json!({ "kty": "EC", "crv": curve, "x": encode(x), "y": encode(y) })
            }
            Pair::Ed25519(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key().as_ref()) })
            }
        };
        let members = jwk.as_object_mut()?;
        members.insert("kid".to_owned(), self.id.clone().into());
        members.insert("alg".to_owned(), self.algorithm.name().into());
        members.insert("use".to_owned(), "sig".into());
        Some(jwk)
    }

    /// Returns the key that verifies signatures of this key.
    ///
    /// # Errors
    /// The key cannot be encoded.
    pub fn verification(&self) -> Result<VerificationKey, KeyError> {
        if let Pair::Hmac(_, secret) = &self.pair {
            return Ok(VerificationKey::secret(self.algorithm, secret)?.with_id(&self.id));
        }
        let jwk = self.public_jwk().ok_or(KeyError::Unreadable)?;
        VerificationKey::jwk(&[self.algorithm], &Jwk::parse(&jwk)?)
    }
}

fn rsa(algorithm: Algorithm) -> Result<&'static dyn RsaEncoding, KeyError> {
    Ok(match algorithm {
        Algorithm::Rs256 => &RSA_PKCS1_SHA256,
        Algorithm::Rs384 => &RSA_PKCS1_SHA384,
        Algorithm::Rs512 => &RSA_PKCS1_SHA512,
        Algorithm::Ps256 => &RSA_PSS_SHA256,
        Algorithm::Ps384 => &RSA_PSS_SHA384,
        Algorithm::Ps512 => &RSA_PSS_SHA512,
        _ => return Err(KeyError::WrongAlgorithm),
    })
}

/// Returns the signing algorithm and the length of a coordinate of its curve, in bytes.
fn ecdsa(algorithm: Algorithm) -> Result<(&'static EcdsaSigningAlgorithm, usize), KeyError> {
    Ok(match algorithm {
        Algorithm::Es256 => (&ECDSA_P256_SHA256_FIXED_SIGNING, 32),
        Algorithm::Es384 => (&ECDSA_P384_SHA384_FIXED_SIGNING, 48),
        Algorithm::Es512 => (&ECDSA_P521_SHA512_FIXED_SIGNING, 66),
        _ => return Err(KeyError::WrongAlgorithm),
    })
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SigningKey")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
