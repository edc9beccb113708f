//! The whole platform through its door: what clients of City Events rely on, over the real services in one process.

#![recursion_limit = "256"]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what a test cannot unwrap has failed it"
)]

mod away;
mod browser;
mod contract;
mod cross_site;
mod door;
mod elsewhere;
mod embedded;
mod flow;
mod house;
mod pages;
mod people;
mod private;
mod program;
mod revoked;
mod strangers;
