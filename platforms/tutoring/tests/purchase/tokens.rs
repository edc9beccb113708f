use aws_lc_rs::hmac;
use data_encoding::BASE64URL_NOPAD;
use seaworthy::prelude::Secret;
use serde_json::{Value, json};
use tutoring_contract::{AccessTokenConfig, AccessTokens, Role, Subject, Territory};
use uuid::Uuid;

/// The secret of access tokens.
pub(crate) const SECRET: &str = "Qm9hdHMgYXJlIHNhZmUgaW4gaGFyYm91ciwgYnV0";
/// Longer than the time that a test skips, in seconds.
const LIFETIME: i64 = 60 * 24 * 60 * 60;
/// The login session of all tokens.
pub(crate) const SESSION: &str = "session";
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
    token(student, Role::Student, &[])
}

pub(crate) fn trainer_token(trainer: Uuid) -> String {
    token(trainer, Role::Trainer, &[])
}

/// Returns the token of an administrator with all permissions of these tests.
pub(crate) fn operator_token() -> String {
    token(Uuid::from_u128(0xad), Role::Admin, &PERMISSIONS)
}

fn token(id: Uuid, role: Role, permissions: &[&str]) -> String {
    let config = AccessTokenConfig {
        secret: Some(Secret::new(SECRET.to_owned())),
        ..AccessTokenConfig::default()
    };
    let subject = Subject {
        id,
        role,
        admin_roles: Vec::new(),
        permissions: permissions.iter().map(|name| (*name).to_owned()).collect(),
        territory: Territory::default(),
        email: None,
        phone: None,
    };
    let tokens = AccessTokens::new(&config).unwrap();
    prolonged(tokens.sign(&subject, SESSION).unwrap().expose())
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
