use city_events_contract::TOKEN_VERSION_MIGRATIONS;
use seaworthy::{
    audit_log, csv,
    data::{LEASE_MIGRATIONS, Migration, MigrationSet},
    operation_log, outbox,
};

use super::adoption::ADOPTION;

/// The checksum of a former text of migration 1, which differs only in its comments.
const OTHER_COMMENTS: &[&str] =
    &["26d1a19b35ea18b9930fe06d000137019973eb9fccb55f6e5bebce05e0115a9e"];

/// Tables of events, outbox, inbox, audit log, imports, token versions, operation log and leases.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    MigrationSet::for_service(&[
        Migration::new(
            1,
            "events",
            include_str!("../../migrations/0001_events.up.sql"),
            include_str!("../../migrations/0001_events.down.sql"),
        )
        .with_previous_checksums(OTHER_COMMENTS),
        Migration::new(
            2,
            "imported events",
            include_str!("../../migrations/0002_imported_events.up.sql"),
            include_str!("../../migrations/0002_imported_events.down.sql"),
        ),
    ])
    .with_adoption(&ADOPTION),
    outbox::MIGRATIONS,
    audit_log::MIGRATIONS,
    csv::MIGRATIONS,
    TOKEN_VERSION_MIGRATIONS,
    operation_log::MIGRATIONS,
    LEASE_MIGRATIONS,
];
