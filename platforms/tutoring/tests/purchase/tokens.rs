use seaworthy::prelude::Secret;
use tutoring_contract::{AccessTokenConfig, AccessTokens, Role, Subject, Territory};
use uuid::Uuid;

/// The secret of access tokens.
pub(crate) const SECRET: &str = "Qm9hdHMgYXJlIHNhZmUgaW4gaGFyYm91ciwgYnV0";
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
    tokens.sign(&subject, SESSION).unwrap().expose().clone()
}
