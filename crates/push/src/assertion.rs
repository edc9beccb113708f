use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeyPair as RsaKeyPair,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256},
};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use seaworthy_core::Secret;
use serde_json::{Value, json};

/// A key that signs the JSON Web Tokens of a push service, with exactly the claims that it expects.
pub(crate) struct AssertionKey {
    id: String,
    pem: Secret<String>,
    pair: Pair,
}

enum Pair {
    /// `RS256`.
    Rsa(RsaKeyPair),
    /// `ES256`.
    P256(EcdsaKeyPair),
}

/// A key that cannot be read, or that does not sign.
#[derive(Debug, thiserror::Error)]
#[error("the private key is not a PKCS #8 key of the right kind in PEM")]
pub(crate) struct InvalidKey;

impl AssertionKey {
    /// Reads an RSA key.
    ///
    /// # Errors
    /// [`InvalidKey`]
    pub(crate) fn rsa(id: &str, pem: &Secret<String>) -> Result<Self, InvalidKey> {
        let pair = RsaKeyPair::from_pkcs8(&der(pem)?).map_err(|_| InvalidKey)?;
        Ok(Self {
            id: id.to_owned(),
            pem: pem.clone(),
            pair: Pair::Rsa(pair),
        })
    }

    /// Reads a P-256 key.
    ///
    /// # Errors
    /// [`InvalidKey`]
    pub(crate) fn p256(id: &str, pem: &Secret<String>) -> Result<Self, InvalidKey> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der(pem)?);
        Ok(Self {
            id: id.to_owned(),
            pem: pem.clone(),
            pair: Pair::P256(pair.map_err(|_| InvalidKey)?),
        })
    }

    /// Whether this is the key with an ID and a PEM.
    pub(crate) fn is(&self, id: &str, pem: Option<&Secret<String>>) -> bool {
        self.id == id && pem.is_some_and(|pem| pem.expose() == self.pem.expose())
    }

    /// Signs a token with these claims.
    ///
    /// # Errors
    /// [`InvalidKey`] if the system gives no random bytes.
    pub(crate) fn sign(&self, claims: &Value) -> Result<Secret<String>, InvalidKey> {
        let algorithm = match self.pair {
            Pair::Rsa(_) => "RS256",
            Pair::P256(_) => "ES256",
        };
        let header = json!({ "alg": algorithm, "typ": "JWT", "kid": self.id });
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let text = format!("{}.{}", part(&header), part(claims));
        let (random, message) = (SystemRandom::new(), text.as_bytes());
        let signature = match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(|_| InvalidKey)?;
                signature
            }
            Pair::P256(pair) => {
                let signature = pair.sign(&random, message).map_err(|_| InvalidKey)?;
                signature.as_ref().to_vec()
            }
        };
        Ok(Secret::new(format!(
            "{text}.{}",
            BASE64URL_NOPAD.encode(&signature)
        )))
    }
}

/// Returns the bytes of a key in PEM. Environment variables often have `\n` instead of line ends.
fn der(pem: &Secret<String>) -> Result<Vec<u8>, InvalidKey> {
    let text = pem.expose().replace("\\n", "\n");
    let body: String = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("-----"))
        .collect();
    BASE64.decode(body.as_bytes()).map_err(|_| InvalidKey)
}

/// Returns the current time in seconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
