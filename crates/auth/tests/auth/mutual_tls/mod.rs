//! A service with mutual TLS on its HTTP and gRPC listeners, called by the clients of the
//! framework.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed unwrap fails the test"
)]

mod app;
mod authentication;
