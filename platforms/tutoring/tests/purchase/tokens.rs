use aws_lc_rs::hmac;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use tutoring_contract::Role;
use tutoring_testkit::token;
use uuid::Uuid;

pub(crate) use tutoring_testkit::{SECRET, SESSION};

/// Longer than the time that a test skips, in seconds.
const LIFETIME: i64 = 60 * 24 * 60 * 60;
const PERMISSIONS: [&str; 10] = [
    "price:write",
    "coins:write",
    "payment:read",
    "payment:refund",
    "allocation:read",
    "allocation:write",
    "session:read",
    "session:write",
    "reschedule:decide",
    "substitution:write",
];

pub(crate) fn student_token(student: Uuid) -> String {
    prolonged(&token(student, Role::Student, &[]))
}

pub(crate) fn trainer_token(trainer: Uuid) -> String {
    prolonged(&token(trainer, Role::Trainer, &[]))
}

/// Returns the token of an administrator with all permissions of these tests.
pub(crate) fn operator_token() -> String {
    prolonged(&token(Uuid::from_u128(0xad), Role::Admin, &PERMISSIONS))
}

/// Returns a token with another expiry. Settings allow a week at most.
fn prolonged(token: &str) -> String {
    let (signed, _) = token.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let claims = BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap();
    let mut claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["exp"] = json!(claims["iat"].as_i64().unwrap() + LIFETIME);
    let claims = BASE64URL_NOPAD.encode(claims.to_string().as_bytes());
    let signed = format!("{header}.{claims}");
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = hmac::sign(&key, signed.as_bytes());
    format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
}
