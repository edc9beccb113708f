use seaworthy::{
    data::{LEASE_MIGRATIONS, Migration, MigrationSet},
    outbox,
};

/// The tables of events, handled messages and leases.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    outbox::MIGRATIONS,
    LEASE_MIGRATIONS,
    MigrationSet::of_service(&[Migration::new(
        1,
        "events",
        include_str!("../../migrations/0001_events.up.sql"),
        include_str!("../../migrations/0001_events.down.sql"),
    )]),
];
