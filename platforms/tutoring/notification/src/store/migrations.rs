use seaworthy::{
    audit_log,
    data::{LEASE_MIGRATIONS, Migration, MigrationSet},
    operation_log, outbox,
};

/// The tables of notifications, messages, leases and logs.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    outbox::MIGRATIONS,
    audit_log::MIGRATIONS,
    operation_log::MIGRATIONS,
    LEASE_MIGRATIONS,
    MigrationSet::of_service(&[Migration::new(
        1,
        "notifications",
        include_str!("../../migrations/0001_notifications.up.sql"),
        include_str!("../../migrations/0001_notifications.down.sql"),
    )]),
];
