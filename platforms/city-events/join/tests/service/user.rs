use chrono::Utc;
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
        "exp": Utc::now().timestamp() + 600,
    });
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    let token = jsonwebtoken::encode(&header, &claims, &key).unwrap();
    TestUser { id, token }
}
