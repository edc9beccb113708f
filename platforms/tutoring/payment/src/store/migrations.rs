use seaworthy::{
    audit_log,
    data::{LEASE_MIGRATIONS, Migration, MigrationSet},
    operation_log, outbox,
};

/// The tables of payments, messages, leases and logs.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    outbox::MIGRATIONS,
    audit_log::MIGRATIONS,
    operation_log::MIGRATIONS,
    LEASE_MIGRATIONS,
    MigrationSet::of_service(&[
        Migration::new(
            1,
            "payments",
            include_str!("../../migrations/0001_payments.up.sql"),
            include_str!("../../migrations/0001_payments.down.sql"),
        ),
        Migration::new(
            2,
            "created",
            include_str!("../../migrations/0002_created.up.sql"),
            include_str!("../../migrations/0002_created.down.sql"),
        ),
    ]),
];
