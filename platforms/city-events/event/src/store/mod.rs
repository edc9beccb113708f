//! Storage of events in the database.

mod adoption;
mod changes;
mod cities;
pub(crate) mod counts;
mod covers;
mod imports;
mod list;
mod messages;
mod migrations;
mod reads;
mod rows;

use seaworthy::{audit_log::AuditLog, data::Database, outbox::Outbox};

pub(crate) use imports::EventRows;
pub(crate) use messages::published_topics;
pub(crate) use migrations::MIGRATIONS;

/// The events in the database. Each change and its message share one transaction (MSG-4).
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
