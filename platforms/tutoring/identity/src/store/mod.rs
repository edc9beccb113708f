//! SQL statements and migrations.

mod accounts;

pub use accounts::Accounts;
pub(crate) use accounts::NewAccount;

use seaworthy::data::{MigrationSet, migration};

/// The accepted checksum of a former text of migration 1, with a table of codes.
const WITH_CODES: &[&str] = &["5d632683801f4ea0898ebabb7839fb68513cce2ca847a5d3449b6110cbfa2239"];

/// The table of accounts. The service adds the sets of `account` and its one-time codes, `outbox`,
/// `operation_log` and leases.
pub const MIGRATIONS: MigrationSet = MigrationSet::for_part(
    "identity",
    &[migration!(1, "accounts", "../../migrations/0001_accounts")
        .with_previous_checksums(WITH_CODES)],
);
