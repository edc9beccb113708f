//! Where events are kept.

mod changes;
mod cities;
pub(crate) mod counts;
mod list;
mod messages;
mod migrations;
mod reads;
mod rows;

use seaworthy::{audit_log::AuditLog, data::Database, outbox::Outbox};

pub(crate) use messages::topics;
pub(crate) use migrations::MIGRATIONS;

/// The events in the database. What changes one also stores the message of it: both or neither (MSG-4).
#[derive(Debug, Clone)]
pub(crate) struct Store {
    database: Database,
    outbox: Outbox,
    audit: AuditLog,
}

impl Store {
    pub(crate) fn new(database: Database, outbox: Outbox, audit: AuditLog) -> Self {
        Self {
            database,
            outbox,
            audit,
        }
    }
}
