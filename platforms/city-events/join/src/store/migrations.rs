use city_events_contract::TOKEN_VERSION_MIGRATIONS;
use seaworthy::{
    audit_log,
    data::{Migration, MigrationSet},
    outbox,
};

/// The tables of the service: its own, its outbox and inbox, its audit log, and which tokens count no more.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    MigrationSet::of_service(&[
        Migration::new(
            1,
            "joins",
            include_str!("../../migrations/0001_joins.up.sql"),
            include_str!("../../migrations/0001_joins.down.sql"),
        ),
        Migration::new(
            2,
            "cancellations",
            include_str!("../../migrations/0002_cancellations.up.sql"),
            include_str!("../../migrations/0002_cancellations.down.sql"),
        ),
    ]),
    outbox::MIGRATIONS,
    audit_log::MIGRATIONS,
    TOKEN_VERSION_MIGRATIONS,
];
