//! The store on every database, without the workers and the relay of the service.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what a test cannot unwrap has failed it"
)]

mod cancellation;
mod counts;
mod fixture;
