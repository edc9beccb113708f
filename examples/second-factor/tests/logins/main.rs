//! Logins with a second factor, over HTTP, by the binary as it is.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what a test cannot unwrap has failed it"
)]

mod application;
mod place;
mod promises;
