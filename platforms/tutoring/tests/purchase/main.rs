//! Whole purchases through the gateway. The program `tutoring` runs as a process on embedded
//! engines, with a payment provider in the process of the tests, so that a test can kill it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

mod acceptance;
mod app;
mod bought;
mod check;
mod kill;
mod model;
mod outage;
#[path = "../process/peer.rs"]
mod peer;
mod play;
#[path = "../../payment/tests/promises/provider.rs"]
#[expect(dead_code, reason = "the tests of the payment service use the rest")]
mod provider;
mod sessions;
mod tokens;
