//! Logins by a real OpenID provider and by a fake one.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod browser;
mod client_login;
mod forged;
mod provider;
