//! SQL statements and migrations.

mod accounts;
mod codes;

pub use accounts::Accounts;
pub(crate) use accounts::NewAccount;
pub(crate) use codes::{CodeRow, Codes};

use seaworthy::data::{Migration, MigrationSet};

/// The tables of accounts and codes. The service adds the sets of `account` and `outbox`.
pub const MIGRATIONS: MigrationSet = MigrationSet::of_part(
    "identity",
    &[Migration::new(
        1,
        "accounts",
        include_str!("../../migrations/0001_accounts.up.sql"),
        include_str!("../../migrations/0001_accounts.down.sql"),
    )],
);
