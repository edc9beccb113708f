use seaworthy::{
    data::{LEASE_MIGRATIONS, MigrationSet, migration},
    outbox,
};

/// The tables of events, handled messages and leases.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    outbox::MIGRATIONS,
    LEASE_MIGRATIONS,
    MigrationSet::for_service(&[migration!(1, "events", "../../migrations/0001_events")]),
];
