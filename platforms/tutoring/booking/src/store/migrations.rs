use seaworthy::{
    audit_log,
    data::{LEASE_MIGRATIONS, Migration, MigrationSet},
    operation_log, outbox,
};

/// The tables of prices and sessions, of the outbox, of the leases of workers, of the audit log and
/// of the operation log.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    audit_log::MIGRATIONS,
    operation_log::MIGRATIONS,
    outbox::MIGRATIONS,
    LEASE_MIGRATIONS,
    MigrationSet::of_service(&[
        Migration::new(
            1,
            "prices",
            include_str!("../../migrations/0001_prices.up.sql"),
            include_str!("../../migrations/0001_prices.down.sql"),
        ),
        Migration::new(
            2,
            "schedule",
            include_str!("../../migrations/0002_schedule.up.sql"),
            include_str!("../../migrations/0002_schedule.down.sql"),
        ),
        Migration::new(
            3,
            "payments",
            include_str!("../../migrations/0003_payments.up.sql"),
            include_str!("../../migrations/0003_payments.down.sql"),
        ),
        Migration::new(
            4,
            "journeys",
            include_str!("../../migrations/0004_journeys.up.sql"),
            include_str!("../../migrations/0004_journeys.down.sql"),
        ),
        Migration::new(
            5,
            "reviews",
            include_str!("../../migrations/0005_reviews.up.sql"),
            include_str!("../../migrations/0005_reviews.down.sql"),
        ),
        Migration::new(
            6,
            "bookings",
            include_str!("../../migrations/0006_bookings.up.sql"),
            include_str!("../../migrations/0006_bookings.down.sql"),
        ),
        Migration::new(
            7,
            "states",
            include_str!("../../migrations/0007_states.up.sql"),
            include_str!("../../migrations/0007_states.down.sql"),
        ),
    ]),
];
