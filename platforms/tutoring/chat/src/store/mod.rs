//! SQL statements and migrations.

mod allocations;
mod contacts;
mod conversations;
mod doubts;
mod messages;
mod migrations;
mod people;
mod replies;

pub(crate) use allocations::{Allocation, Allocations};
pub(crate) use contacts::Contacts;
pub(crate) use conversations::{Conversation, Conversations, Member};
pub(crate) use doubts::{DoubtFilter, Doubts, NewDoubt, StoredDoubt};
pub(crate) use messages::{Attachment, Messages, NewMessage, StoredMessage};
pub(crate) use migrations::{COLUMNS, MIGRATIONS};
pub(crate) use people::{People, Person};
pub(crate) use replies::Replies;
