use seaworthy::{
    audit_log,
    data::{LEASE_MIGRATIONS, MigrationSet, migration},
    operation_log, outbox,
};

/// The tables of prices and sessions, of the outbox, of the leases of workers, of the audit log and
/// of the operation log.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    audit_log::MIGRATIONS,
    operation_log::MIGRATIONS,
    outbox::MIGRATIONS,
    LEASE_MIGRATIONS,
    MigrationSet::for_service(&[
        migration!(1, "prices", "../../migrations/0001_prices"),
        migration!(2, "schedule", "../../migrations/0002_schedule"),
        migration!(3, "payments", "../../migrations/0003_payments"),
        migration!(4, "journeys", "../../migrations/0004_journeys"),
        migration!(5, "reviews", "../../migrations/0005_reviews"),
        migration!(6, "bookings", "../../migrations/0006_bookings"),
        migration!(7, "states", "../../migrations/0007_states"),
        migration!(8, "live_journeys", "../../migrations/0008_live_journeys"),
        migration!(9, "territories", "../../migrations/0009_territories"),
    ]),
];
