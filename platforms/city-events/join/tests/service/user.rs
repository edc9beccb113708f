use seaworthy_testkit::hs256_token;
use serde_json::json;
use uuid::Uuid;

use crate::app::SECRET;

/// A user with an access token.
#[derive(Debug, Clone)]
pub(crate) struct TestUser {
    pub(crate) id: Uuid,
    pub(crate) token: String,
}

/// Returns a new user without further rights.
pub(crate) fn user() -> TestUser {
    user_with_role(seaworthy::core::new_id(), "user")
}

/// Returns a new moderator.
pub(crate) fn moderator() -> TestUser {
    user_with_role(seaworthy::core::new_id(), "moderator")
}

/// Returns a user whose token has the claims of the legacy load script: no `iat`, no `ver`.
pub(crate) fn user_with_role(id: Uuid, role: &str) -> TestUser {
    let claims = json!({
        "iss": "auth-service", "sub": id, "uid": id, "username": "ada", "role": role,
    });
    TestUser {
        id,
        token: hs256_token(SECRET, claims),
    }
}
