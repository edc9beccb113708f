//! Use cases. Each change of an event's seats is one transaction that locks the row of the event
//! first. It stores the change, its history and its messages together (MSG-4). Joins and
//! cancellations begin in `participants`, and `batch` executes them.

mod batch;
mod cancellations;
mod change_records;
mod concurrency_limit;
mod error;
mod events;
mod messages;
mod organizers;
mod participants;
mod promotion;
mod queries;
mod queues;
mod recount;

use std::time::Duration;

use seaworthy::{
    audit_log::AuditLog,
    data::{DataError, Database},
    outbox::Outbox,
    service::Tasks,
};

use crate::{config::JoinConfig, domain::Waitlist, store::idempotency_keys};
use concurrency_limit::ConcurrencyLimit;
use queues::CommandQueues;

pub(crate) use error::JoinError;
pub(crate) use events::EventChange;
pub(crate) use messages::topics;

/// The joins of all events. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Joins {
    database: Database,
    outbox: Outbox,
    audit: AuditLog,
    concurrency: ConcurrencyLimit,
    waitlist: Waitlist,
    key_ttl: Duration,
    queues: CommandQueues,
    tasks: Tasks,
}

impl Joins {
    pub(crate) fn new(
        database: Database,
        outbox: Outbox,
        audit: AuditLog,
        tasks: &Tasks,
        config: &JoinConfig,
    ) -> Self {
        Self {
            database,
            outbox,
            audit,
            concurrency: ConcurrencyLimit::new(&config.join_batching),
            waitlist: config.waitlist.waitlist(),
            key_ttl: config.idempotency_keys.ttl.get(),
            queues: CommandQueues::new(&config.join_batching),
            tasks: tasks.clone(),
        }
    }

    /// Deletes expired idempotency keys. Returns `true` if more may be left.
    pub(crate) async fn purge_keys(&self) -> Result<bool, DataError> {
        idempotency_keys::purge(&self.database).await
    }
}

#[cfg(test)]
mod tests;
