//! The users in the database.

mod identities;
mod migrations;
mod users;

pub(crate) use identities::Identities;
pub(crate) use migrations::MIGRATIONS;
pub(crate) use users::{Users, locked_with_admins};
