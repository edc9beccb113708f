//! Logins with a second factor over HTTP.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

mod app;
mod logins;
mod totp;
