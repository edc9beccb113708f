//! Each service as a process, on PostgreSQL, Redis and RabbitMQ: the flows, and outages of each
//! part. The binaries must be built first (`docs/city-events/test.md` has the command).

pub(crate) mod adopted;
mod balancer;
pub(crate) mod cluster;
mod concurrent_clients;
mod concurrent_joins;
mod first_start;
mod flows;
#[path = "../../../join/tests/service/history.rs"]
mod history;
mod limits;
mod load;
mod outage;
mod restart;
mod revocation;
mod rolling_restart;
mod rolling_update;
mod routes;
