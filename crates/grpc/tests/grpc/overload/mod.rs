//! Limits and load shedding of the gRPC listener.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod app;
mod rate_limits;
mod shedding;
