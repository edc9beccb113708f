//! Response bodies.

use city_events_contract::Role;
use seaworthy::prelude::*;

use crate::{
    accounts::{AccessToken, LoggedIn},
    domain::{Avatar, User},
};

/// A user, as shown to that user.
#[derive(Debug, Serialize)]
pub(super) struct UserView {
    id: String,
    email: Personal<String>,
    role: Role,
    email_verified: bool,
    locked: bool,
    has_password: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar_url: Option<String>,
}

impl UserView {
    pub(super) fn of(user: &User, cdn: &str) -> Self {
        Self {
            avatar_url: user.avatar.map(|image| Avatar(image).url(cdn)),
            ..Self::without_avatar(user)
        }
    }

    pub(super) fn without_avatar(user: &User) -> Self {
        Self {
            id: user.id.to_string(),
            email: user.email.clone(),
            role: user.role,
            email_verified: user.email_verified,
            locked: user.locked,
            has_password: user.password_hash.is_some(),
            avatar_url: None,
        }
    }

    /// Returns the ID and the role only, with defaults for other members.
    pub(super) fn bare(user: &User) -> Self {
        Self {
            id: user.id.to_string(),
            email: Personal::new(String::new()),
            role: user.role,
            email_verified: false,
            locked: false,
            has_password: false,
            avatar_url: None,
        }
    }
}

/// The status of a user.
#[derive(Debug, Serialize)]
pub(super) struct StatusView {
    user_id: String,
    role: Role,
    locked: bool,
    email_verified: bool,
    has_password: bool,
}

impl From<&User> for StatusView {
    fn from(user: &User) -> Self {
        Self {
            user_id: user.id.to_string(),
            role: user.role,
            locked: user.locked,
            email_verified: user.email_verified,
            has_password: user.password_hash.is_some(),
        }
    }
}

/// An access token.
#[derive(Serialize)]
pub(super) struct TokensView {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
}

impl From<&AccessToken> for TokensView {
    fn from(token: &AccessToken) -> Self {
        Self {
            access_token: token.text.expose().clone(),
            token_type: "Bearer",
            expires_in: token.seconds,
        }
    }
}

/// The response to a login.
#[derive(Serialize)]
pub(super) struct LoggedInView {
    user: UserView,
    tokens: TokensView,
    /// The recovery codes, only after the confirmation of a second factor.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    recovery_codes: Vec<String>,
}

impl LoggedInView {
    pub(super) fn of(logged_in: &LoggedIn, cdn: &str) -> Self {
        Self {
            user: UserView::of(&logged_in.user, cdn),
            tokens: (&logged_in.access).into(),
            recovery_codes: Vec::new(),
        }
    }

    pub(super) fn with_recovery_codes(mut self, codes: Vec<String>) -> Self {
        self.recovery_codes = codes;
        self
    }
}
