//! Services that know each other by signed tokens, over HTTP as it is: two services, one of which calls the other by the framework's own client.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what a test cannot unwrap has failed it"
)]

mod house;
mod knows;
