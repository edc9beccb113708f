use std::convert::Infallible;

use city_events_contract::Role;
use seaworthy::{
    axum::{
        extract::FromRequestParts,
        http::{HeaderValue, header, request::Parts},
    },
    core::context,
};

use crate::api_error::ApiError;

/// The caller of a request: its authenticated user, if any, and its credentials.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller {
    /// The user ID of a valid access token.
    pub(crate) user: Option<String>,
    /// The role of the same token.
    pub(crate) role: Role,
    /// The unmodified header, for services that authorize calls themselves.
    pub(crate) authorization: Option<HeaderValue>,
}

impl Caller {
    /// Returns the ID of the authenticated user.
    ///
    /// # Errors
    /// 401 for an anonymous caller.
    pub(crate) fn require_user(&self) -> Result<&str, ApiError> {
        self.user.as_deref().ok_or_else(ApiError::unauthenticated)
    }

    /// Whether the caller is the user with this ID.
    pub(crate) fn is(&self, user_id: &str) -> bool {
        self.user
            .as_deref()
            .is_some_and(|user| user.eq_ignore_ascii_case(user_id))
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let user = context::with_current(|context| {
            let actor = context.and_then(|context| context.actor().cloned());
            actor.map(|actor| actor.as_str().to_owned())
        });
        Ok(Self {
            user,
            role: Role::of_caller(),
            authorization: parts.headers.get(header::AUTHORIZATION).cloned(),
        })
    }
}
