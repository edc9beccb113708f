//! Logins by an OpenID provider: by a real one, and by one that forges.

#![expect(
    clippy::unwrap_used,
    reason = "what a test cannot unwrap has failed it"
)]

mod browser;
mod forged;
mod provider;
