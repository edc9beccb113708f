use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

/// The lifetime of a token, longer than any test takes.
const LIFETIME: Duration = Duration::from_secs(600);

/// Returns a token that is signed with a shared secret (HS256).
///
/// Claims without `exp` are valid for ten minutes.
///
/// ```
/// use seaworthy_testkit::hs256_token;
/// use serde_json::json;
///
/// let token = hs256_token("a secret of at least 32 characters", json!({ "sub": "u-1" }));
/// assert_eq!(token.split('.').count(), 3);
/// ```
///
/// # Panics
/// The claims are not a JSON object.
#[must_use]
#[expect(clippy::expect_used, reason = "this is how a test fails")]
pub fn hs256_token(secret: &str, mut claims: Value) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let expiry = now.unwrap_or_default() + LIFETIME;
    let members = claims
        .as_object_mut()
        .expect("the claims are a JSON object");
    members
        .entry("exp")
        .or_insert_with(|| json!(expiry.as_secs()));
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)
        .expect("a JSON object is signed with HS256")
}
