//! SQL statements and migrations.

mod contacts;
mod conversations;
mod messages;
mod migrations;

pub(crate) use contacts::Contacts;
pub(crate) use conversations::{Conversation, Conversations, Member};
pub(crate) use messages::{Attachment, Messages, NewMessage, StoredMessage};
pub(crate) use migrations::{COLUMNS, MIGRATIONS};
