use seaworthy::{
    data::{LEASE_MIGRATIONS, MigrationSet},
    outbox,
};
use tutoring_identity::migration;

/// The tables of events, handled messages and leases.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    outbox::MIGRATIONS,
    LEASE_MIGRATIONS,
    MigrationSet::of_service(&[migration!(1, "events", "../../migrations/0001_events")]),
];
