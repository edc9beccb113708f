//! Services that know each other by certificates, over connections as they are: a service with both of its listeners, called by the framework's own clients.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what a test cannot unwrap has failed it"
)]

mod house;
mod knows;
