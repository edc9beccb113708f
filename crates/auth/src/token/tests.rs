mod attacks;
mod exceptions;
mod hostile;
mod keys;
mod rotation;
mod signing;
mod wycheproof;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use seaworthy_core::Secret;
use serde_json::{Value, json};

use super::{compact::encode, *};

/// The time of all tests: a Tuesday in November 2023.
const NOW: u64 = 1_700_000_000;
const SECRET: &str = "0f8b1d0c6a3e47f2b95d2c81a7e6f439-0f8b1d0c6a3e47f2b95d2c81a7e6f439";
const ISSUER: &str = "https://login.example.org";

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)
}

fn secret() -> Secret<Vec<u8>> {
    Secret::new(SECRET.as_bytes().to_vec())
}

fn config(algorithms: &[Algorithm]) -> IssuerConfig {
    IssuerConfig {
        issuer: Some(ISSUER.to_owned()),
        audiences: vec!["events".to_owned(), "joins".to_owned()],
        algorithms: algorithms.to_vec(),
        ..IssuerConfig::default()
    }
}

/// Returns a verifier that accepts HS256 by [`SECRET`].
fn verifier() -> TokenVerifier {
    let issuer = Issuer::new(IssuerConfig {
        token_key: Some(Secret::new(SECRET.to_owned())),
        ..config(&[Algorithm::Hs256])
    });
    TokenVerifier::new([issuer.unwrap()]).unwrap()
}

/// Returns valid claims.
fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "ada", "aud": "events", "iat": NOW, "nbf": NOW, "exp": NOW + 900,
        "role": "moderator", "scope": "read write",
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

/// Signs any text as header and any bytes as payload.
fn signed(key: &SigningKey, header: &str, payload: &[u8]) -> String {
    let text = format!("{}.{}", encode(header.as_bytes()), encode(payload));
    let signature = key.sign(text.as_bytes()).unwrap();
    format!("{text}.{}", encode(&signature))
}

/// Signs by the secret of [`verifier`].
fn forged(header: &str, payload: &[u8]) -> String {
    let key = SigningKey::secret("s", Algorithm::Hs256, &secret()).unwrap();
    signed(&key, header, payload)
}

fn token(claims: &Value) -> String {
    forged(
        r#"{"alg":"HS256","typ":"JWT"}"#,
        claims.to_string().as_bytes(),
    )
}

fn verify(token: &str) -> Result<VerifiedToken, TokenError> {
    verifier().verify_now(token, now())
}

fn rejection(token: &str) -> TokenError {
    verify(token).unwrap_err()
}

/// Returns a verified token for tests of the cache.
pub(super) fn verified_until(until: SystemTime) -> Arc<VerifiedToken> {
    let verified = verifier().verify_now(&token(&claims()), now()).unwrap();
    Arc::new(verified.with_expires_at(until))
}
