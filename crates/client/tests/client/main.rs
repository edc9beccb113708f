//! The client against real servers on this machine, well-behaved and not.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the lints know only functions marked as tests, and these share several"
)]

mod bodies;
mod client_certificates;
mod credentials;
mod fixture;
mod guard;
mod hostile;
mod observability;
mod policies;
mod propagation;
mod redirects;
mod reload;
mod restart;
mod secure;

mod timeouts;
