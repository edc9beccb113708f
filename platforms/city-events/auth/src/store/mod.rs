//! SQL statements and migrations.

mod adoption;
mod identities;
mod migrations;
mod users;

pub(crate) use identities::Identities;
pub(crate) use migrations::MIGRATIONS;
pub(crate) use users::{Users, lock_with_admins};
