//! A gRPC client against real servers on this machine.
#![expect(
    clippy::unwrap_used,
    reason = "the lints know only functions marked as tests, and these share several"
)]

mod balancing;
mod fixture;
mod method_breakers;
mod policies;
mod propagation;
mod reconnects;
mod restart;
