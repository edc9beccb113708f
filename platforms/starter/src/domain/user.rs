use std::fmt;

use seaworthy::{core::new_id, data::uuid::Uuid, mask::MakeSensitive, prelude::*};

use super::errors;

/// The ID of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UserId(pub(crate) Uuid);

impl UserId {
    pub(crate) fn new() -> Self {
        Self(new_id())
    }

    /// Parses the ID of a token.
    ///
    /// # Errors
    /// `TOKEN_INVALID`.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        text.parse().map(Self).map_err(|_| errors::token_invalid())
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A user as stored, with the user name decrypted.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) username: Personal<String>,
    pub(crate) password_hash: Secret<String>,
    /// Whether the user may log in.
    pub(crate) is_active: bool,
}

/// A user to store. Addresses are normalized.
#[derive(Debug)]
pub(crate) struct NewUser {
    pub(crate) id: UserId,
    pub(crate) username: Personal<String>,
    pub(crate) email: Option<Personal<String>>,
    pub(crate) phone: Option<Personal<String>>,
    pub(crate) password_hash: Secret<String>,
}

/// The data of a user that the user sees. Responses mask the addresses.
#[derive(Debug, MakeSensitive)]
pub(crate) struct Profile {
    pub(crate) id: UserId,
    pub(crate) username: Personal<String>,
    #[sensitive(email)]
    pub(crate) email: Option<Personal<String>>,
    #[sensitive(phone)]
    pub(crate) phone: Option<Personal<String>>,
}
