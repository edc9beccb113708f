//! SQL statements and encrypted columns.

mod keys;
mod migrations;
mod users;

pub(crate) use keys::Keys;
pub(crate) use migrations::{COLUMNS, MIGRATIONS};
pub(crate) use users::Users;
