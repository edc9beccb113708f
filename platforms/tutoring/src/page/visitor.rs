//! The session of a visitor in a role. A cookie has the access token, so the session ends after
//! some minutes. The services check the token, and the pages only pass it on.

use std::time::Duration;

use seaworthy::{
    axum::http::{HeaderMap, HeaderValue},
    http::cookie::{HostCookie, InvalidCookie},
    prelude::*,
};
use serde_json::Value;

use super::gateway::{GatewayError, text};

/// The maximum lifetime of an access token.
const MAX_AGE: Duration = Duration::from_secs(600);
/// Separates the user and the token in the cookie.
const SEPARATOR: char = ':';

named! {
    /// The roles that have pages.
    pub(super) enum Role {
        Student = "student",
        Trainer = "trainer",
        Admin = "admin",
    }
}

/// A logged-in user.
#[derive(Debug)]
pub(super) struct Visitor {
    pub(super) id: Uuid,
    token: Secret<String>,
}

impl Role {
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Student => "Student",
            Self::Trainer => "Trainer",
            Self::Admin => "Administrator",
        }
    }

    /// The path of the role's page.
    pub(super) const fn home(self) -> &'static str {
        match self {
            Self::Student => "/student",
            Self::Trainer => "/trainer",
            Self::Admin => "/admin",
        }
    }

    /// The path of the role's accounts in the gateway.
    pub(super) const fn accounts(self) -> &'static str {
        match self {
            Self::Student => "/students/auth",
            Self::Trainer => "/trainers/auth",
            Self::Admin => "/admin/auth",
        }
    }

    /// The cookie works over plain HTTP, for development. A browser can have a session per role.
    fn cookie(self) -> HostCookie {
        HostCookie::insecure(self.as_str()).strict()
    }

    /// Returns the cookie of a login, from the data of its response.
    ///
    /// # Errors
    /// The token has characters that a cookie cannot have.
    pub(super) fn begin(self, login: &Value) -> Result<HeaderValue, InvalidCookie> {
        let (user, token) = (text(login, "/user/id"), text(login, "/tokens/accessToken"));
        self.cookie()
            .set(&format!("{user}{SEPARATOR}{token}"), MAX_AGE)
    }

    /// Returns the cookie that ends the session.
    ///
    /// # Errors
    /// Never, because the name is a constant.
    pub(super) fn end(self) -> Result<HeaderValue, InvalidCookie> {
        self.cookie().clear()
    }

    /// Returns the visitor of a request in this role.
    ///
    /// # Errors
    /// The browser has no session in this role.
    pub(super) fn visitor(self, headers: &HeaderMap) -> Result<Visitor, GatewayError> {
        let cookie = self.cookie();
        let parts = cookie
            .read(headers)
            .and_then(|value| value.split_once(SEPARATOR));
        let (id, token) = parts.ok_or(GatewayError::LoggedOut)?;
        Ok(Visitor {
            id: id.parse().map_err(|_| GatewayError::LoggedOut)?,
            token: Secret::new(token.to_owned()),
        })
    }
}

impl Visitor {
    pub(super) const fn token(&self) -> &Secret<String> {
        &self.token
    }
}
