//! SQL statements of the tables of this service. They contain no rules.

mod adoption;
pub(crate) mod audit_queue;
pub(crate) mod bans;
pub(crate) mod cancellations;
pub(crate) mod candidates;
pub(crate) mod history;
pub(crate) mod idempotency_keys;
pub(crate) mod join_batch;
pub(crate) mod joins;
mod migrations;
mod rows;
pub(crate) mod seats;

pub(crate) use migrations::MIGRATIONS;
