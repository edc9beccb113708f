use std::fmt;

use city_events_contract::Role;
use seaworthy::{core::new_id, prelude::*};
use uuid::Uuid;

use super::errors;

/// The permanent ID of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct UserId(pub(crate) Uuid);

impl UserId {
    pub(crate) fn new() -> Self {
        Self(new_id())
    }

    /// Parses any usual form of a UUID.
    ///
    /// # Errors
    /// `USER_NOT_FOUND` for a text that is not a UUID.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        Uuid::try_parse(text)
            .map(Self)
            .map_err(|_| errors::user_not_found())
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.hyphenated(), formatter)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) email: Personal<String>,
    /// The hash of the password. Absent for users who log in only by a provider.
    pub(crate) password_hash: Option<Secret<String>>,
    pub(crate) role: Role,
    pub(crate) email_verified: bool,
    /// Whether the user is banned.
    pub(crate) locked: bool,
    pub(crate) name: Option<Personal<String>>,
    pub(crate) avatar: Option<Uuid>,
}

impl User {
    pub(crate) fn stored_hash(&self) -> Option<&str> {
        self.password_hash
            .as_ref()
            .map(|hash| hash.expose().as_str())
    }

    /// Returns the name to show: the user's name, or the local part of the address. It is never an
    /// e-mail address.
    pub(crate) fn display_name(&self) -> &str {
        let local = || self.email.expose().split('@').next().unwrap_or_default();
        let name = self.name.as_ref().map(|name| name.expose().as_str());
        name.filter(|name| !name.contains('@'))
            .unwrap_or_else(local)
    }
}
