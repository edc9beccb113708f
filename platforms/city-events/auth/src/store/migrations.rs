use seaworthy::{
    account, audit_log,
    data::{LEASE_MIGRATIONS, Migration, MigrationSet},
    operation_log, outbox,
};

use super::adoption::ADOPTION;

/// The accepted checksum of a former text of migration 2, with other comments.
const OTHER_COMMENTS: &[&str] =
    &["a45b1385e19b0b20b3e382acfcacd5854710eaebfac75e9f4656ee6c248aeb2c"];

/// The migrations of the service, its accounts, its audit log, its outbox, its operation log and
/// its leases.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    MigrationSet::for_service(&[
        Migration::new(
            1,
            "users",
            include_str!("../../migrations/0001_users.up.sql"),
            include_str!("../../migrations/0001_users.down.sql"),
        ),
        Migration::new(
            2,
            "identities_show_addresses",
            include_str!("../../migrations/0002_identities_show_addresses.up.sql"),
            include_str!("../../migrations/0002_identities_show_addresses.down.sql"),
        )
        .with_previous_checksums(OTHER_COMMENTS),
    ])
    .with_adoption(&ADOPTION),
    account::MIGRATIONS,
    audit_log::MIGRATIONS,
    outbox::MIGRATIONS,
    operation_log::MIGRATIONS,
    LEASE_MIGRATIONS,
];
