//! The platform on PostgreSQL, Redis and RabbitMQ, each service a process of its own: what `platform` tests in one process, and what happens when a part of it goes away.
//!
//! The programs of the services have to be built beside this test; docs/city-events/test.md has the command.

#![recursion_limit = "256"]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what a test cannot unwrap has failed it"
)]

mod balancer;
mod cluster;
mod crowd;
#[path = "../platform/flow.rs"]
mod flow;
#[path = "../../join/tests/service/history.rs"]
mod history;
mod limits;
mod load;
mod outage;
mod pages;
#[path = "../platform/people.rs"]
mod people;
mod programs;
mod real;
mod revoked;
mod rolling;
mod rush;
