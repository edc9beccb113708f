//! The users in the database.

mod migrations;
mod users;

pub(crate) use migrations::MIGRATIONS;
pub(crate) use users::{Users, locked_with_admins};
