//! SQL statements and migrations.

mod accounts;

pub use accounts::Accounts;
pub(crate) use accounts::NewAccount;

use seaworthy::data::{MigrationSet, migration};

/// The table of accounts. The service adds the sets of `account` and its one-time codes, `outbox`,
/// `operation_log` and leases.
pub const MIGRATIONS: MigrationSet = MigrationSet::for_part(
    "identity",
    &[migration!(1, "accounts", "../../migrations/0001_accounts")],
);
