//! The credentials that an operation needs, from its declared access (AUTH-5).

use serde_json::{Value, json};

use crate::Access;

/// The name of the security scheme.
const BEARER: &str = "bearer";

/// Returns the security schemes that operations refer to.
pub(super) fn schemes() -> Value {
    json!({
        BEARER: { "type": "http", "scheme": "bearer", "description": "A bearer token (RFC 6750)." },
    })
}

/// Returns the alternatives of credentials for an operation. An empty object allows anonymous
/// callers. Roles and scopes are listed by name: a caller needs one of the roles and all of the
/// scopes.
pub(super) fn of_operation(access: &Access) -> Value {
    match access {
        Access::Public => json!([]),
        Access::Optional => json!([{}, { BEARER: [] }]),
        Access::Authenticated {
            any_of_roles,
            all_of_scopes,
        } => {
            let alternative = |role: Option<&String>| {
                let names: Vec<&String> = role.into_iter().chain(all_of_scopes).collect();
                json!({ BEARER: names })
            };
            if any_of_roles.is_empty() {
                json!([alternative(None)])
            } else {
                any_of_roles
                    .iter()
                    .map(|role| alternative(Some(role)))
                    .collect()
            }
        }
    }
}
