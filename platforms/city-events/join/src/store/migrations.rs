use city_events_contract::TOKEN_VERSION_MIGRATIONS;
use seaworthy::{
    audit_log,
    data::{LEASE_MIGRATIONS, Migration, MigrationSet},
    operation_log, outbox,
};

use super::adoption::ADOPTION;

/// The checksum of a former text of the first migration, which differs only in its comments.
const JOINS_WITH_OTHER_COMMENTS: &[&str] =
    &["d60571cee3d2461dce1265ef40b01110a7fe914f7bb95847e33cedf03819b676"];

/// The tables of the service, of its outbox and inbox, of its audit log, of token versions, of its
/// operation log, and of leases.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    MigrationSet::for_service(&[
        Migration::new(
            1,
            "joins",
            include_str!("../../migrations/0001_joins.up.sql"),
            include_str!("../../migrations/0001_joins.down.sql"),
        )
        .with_previous_checksums(JOINS_WITH_OTHER_COMMENTS),
        Migration::new(
            2,
            "cancellations",
            include_str!("../../migrations/0002_cancellations.up.sql"),
            include_str!("../../migrations/0002_cancellations.down.sql"),
        ),
        Migration::new(
            3,
            "join_audit_queue",
            include_str!("../../migrations/0003_join_audit_queue.up.sql"),
            include_str!("../../migrations/0003_join_audit_queue.down.sql"),
        ),
    ])
    .with_adoption(&ADOPTION),
    outbox::MIGRATIONS,
    audit_log::MIGRATIONS,
    TOKEN_VERSION_MIGRATIONS,
    operation_log::MIGRATIONS,
    LEASE_MIGRATIONS,
];
