use std::convert::Infallible;

use city_events_contract::Role;
use seaworthy::{
    axum::{
        extract::FromRequestParts,
        http::{HeaderValue, header, request::Parts},
    },
    core::context,
};

/// Who asks, as far as it is proved, and what they sent to prove it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller {
    /// The user of a token that is good.
    pub(crate) user: Option<String>,
    /// The role in it.
    pub(crate) role: Role,
    /// The header as it came, for the services that decide themselves.
    pub(crate) authorization: Option<HeaderValue>,
}

impl Caller {
    /// Whether this is the owner of something.
    pub(crate) fn is(&self, owner: &str) -> bool {
        self.user
            .as_deref()
            .is_some_and(|user| user.eq_ignore_ascii_case(owner))
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
