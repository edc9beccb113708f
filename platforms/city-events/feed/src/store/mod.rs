//! Storage of the index, of joins and of views.

mod actions;
mod counts;
mod events;
mod joins;
mod migrations;

use seaworthy::data::Database;

pub(crate) use counts::Counts;
pub(crate) use events::{EventFilter, UpcomingEvent, index_event};
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
