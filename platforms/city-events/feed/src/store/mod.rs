//! Storage of the index, of joins and of views.

mod actions;
mod adoption;
mod candidates;
mod events;
mod interests;
mod joins;
mod migrations;
mod scores;
#[cfg(test)]
mod tests;
mod trending;

use seaworthy::data::Database;

pub(crate) use candidates::{Candidate, EventFilter};
pub(crate) use events::{EventDetails, index_event};
pub(crate) use joins::{JoinChange, record_join};
pub(crate) use migrations::MIGRATIONS;

/// The index in the database.
#[derive(Debug, Clone)]
pub(crate) struct Store(Database);

impl Store {
    pub(crate) fn new(database: Database) -> Self {
        Self(database)
    }
}
