use seaworthy::prelude::Secret;
use tutoring_contract::{
    AccessTokenConfig, AccessTokens, AdminRole, Role, ServiceTokenConfig, ServiceTokens, Subject,
    Territory,
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

/// Returns an access token of a user with permissions. An administrator is a super admin, who sees
/// every place.
///
/// # Panics
/// The token cannot be signed.
#[must_use]
pub fn token(id: Uuid, role: Role, permissions: &[&str]) -> String {
    let admin_roles = (role == Role::Admin).then_some(AdminRole::SuperAdmin);
    sign(&Subject {
        id,
        role,
        admin_roles: admin_roles.into_iter().collect(),
        permissions: permissions.iter().map(|name| (*name).to_owned()).collect(),
        territory: Territory::default(),
        email: None,
        phone: None,
    })
}

/// Returns an access token of an administrator of a district.
///
/// # Panics
/// The token cannot be signed.
#[must_use]
pub fn district_token(id: Uuid, permissions: &[&str], (state, district): (&str, &str)) -> String {
    sign(&Subject {
        id,
        role: Role::Admin,
        admin_roles: vec![AdminRole::DistrictAdmin],
        permissions: permissions.iter().map(|name| (*name).to_owned()).collect(),
        territory: Territory {
            state: Some(state.to_owned()),
            district: Some(district.to_owned()),
            ..Territory::default()
        },
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
