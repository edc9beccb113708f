//! SQL statements and migrations.

pub(crate) mod allocations;
pub(crate) mod contacts;
pub(crate) mod conversations;
pub(crate) mod doubts;
pub(crate) mod messages;
mod migrations;
pub(crate) mod people;
pub(crate) mod replies;

pub(crate) use allocations::Allocation;
pub(crate) use conversations::{Conversation, Member};
pub(crate) use doubts::{DoubtFilter, StoredDoubt};
pub(crate) use messages::{Attachment, StoredMessage};
pub(crate) use migrations::{COLUMNS, MIGRATIONS};
pub(crate) use people::Person;
