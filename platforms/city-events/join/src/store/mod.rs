//! Where joins are kept.

mod bans;
mod cancellations;
mod changes;
mod consumed;
mod counts;
mod keys;
mod lists;
mod messages;
mod migrations;
mod organisers;
mod own;
mod places;
mod rows;
mod standing;
mod wishes;

use seaworthy::{audit_log::AuditLog, data::Database, outbox::Outbox};

use crate::{domain::Waitlist, turnstile::Turnstile};

pub(crate) use consumed::Announced;
pub(crate) use messages::topics;
pub(crate) use migrations::MIGRATIONS;
pub(crate) use wishes::Wishes;

/// The joins in the database. What changes one also writes its history and stores the messages of it: all or nothing (MSG-4).
#[derive(Debug, Clone)]
pub(crate) struct Store {
    database: Database,
    outbox: Outbox,
    audit: AuditLog,
    turnstile: Turnstile,
    waitlist: Waitlist,
    keep_keys: std::time::Duration,
    wishes: Wishes,
}

impl Store {
    pub(crate) fn new(
        database: Database,
        outbox: Outbox,
        audit: AuditLog,
        turnstile: Turnstile,
        waitlist: Waitlist,
        keep_keys: std::time::Duration,
        wishes: Wishes,
    ) -> Self {
        Self {
            database,
            outbox,
            audit,
            turnstile,
            waitlist,
            keep_keys,
            wishes,
        }
    }
}

#[cfg(test)]
mod tests;
