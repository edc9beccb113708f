//! SQL statements and migrations.

mod accounts;
mod codes;

pub use accounts::Accounts;
pub(crate) use accounts::NewAccount;
pub(crate) use codes::{CodeRow, Codes};

use seaworthy::data::{MigrationSet, migration};

/// The tables of accounts and codes. The service adds the sets of `account`, `outbox`,
/// `operation_log` and leases.
pub const MIGRATIONS: MigrationSet = MigrationSet::for_part(
    "identity",
    &[migration!(1, "accounts", "../../migrations/0001_accounts")],
);
