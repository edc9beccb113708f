//! A gRPC client against real servers on this machine.
#![expect(
    clippy::unwrap_used,
    reason = "the lints know only functions marked as tests, and these share several"
)]

mod balancing;
mod fixture;
mod policies;
mod propagation;
mod restart;
