use seaworthy::prelude::Secret;
use tutoring_contract::{
    AccessTokenConfig, AccessTokens, Role, ServiceTokenConfig, ServiceTokens, Subject, Territory,
};
use uuid::Uuid;

/// The secret of access tokens.
pub const SECRET: &str = "Qm9hdHMgYXJlIHNhZmUgaW4gaGFyYm91ciwgYnV0";
/// The secret of tokens between services.
pub const SERVICE_SECRET: &str = "dGhhdCBpcyBub3Qgd2hhdCBib2F0cyBhcmUgZm9y";
/// The login session of all tokens.
pub const SESSION: &str = "session";

/// Returns the settings of access tokens.
#[must_use]
pub fn access_tokens() -> AccessTokenConfig {
    AccessTokenConfig {
        secret: Some(Secret::new(SECRET.to_owned())),
        ..AccessTokenConfig::default()
    }
}

/// Returns an access token of a user with permissions.
///
/// # Panics
/// The token cannot be signed.
#[must_use]
pub fn token(id: Uuid, role: Role, permissions: &[&str]) -> String {
    sign(&Subject {
        id,
        role,
        admin_roles: Vec::new(),
        permissions: permissions.iter().map(|name| (*name).to_owned()).collect(),
        territory: Territory::default(),
        email: None,
        phone: None,
    })
}

/// Returns the access token of a user.
///
/// # Panics
/// The token cannot be signed.
#[must_use]
pub fn sign(user: &Subject) -> String {
    let tokens = AccessTokens::new(&access_tokens()).unwrap();
    tokens.sign(user, SESSION).unwrap().expose().clone()
}

/// Returns the token of another service.
///
/// # Panics
/// The token cannot be signed.
#[must_use]
pub fn service_token() -> String {
    let config = ServiceTokenConfig {
        secret: Some(Secret::new(SERVICE_SECRET.to_owned())),
        ..ServiceTokenConfig::default()
    };
    let signed = ServiceTokens::new("test", &config).unwrap().sign();
    signed.unwrap().expose().clone()
}
