//! Two services over HTTP: one calls the other with signed tokens.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed unwrap fails the test"
)]

mod app;
mod authentication;
