use seaworthy::{
    audit_log,
    data::{LEASE_MIGRATIONS, MigrationSet, migration},
    operation_log, outbox,
};

/// The tables of notifications, messages, leases and logs.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    outbox::MIGRATIONS,
    audit_log::MIGRATIONS,
    operation_log::MIGRATIONS,
    LEASE_MIGRATIONS,
    MigrationSet::for_service(&[migration!(
        1,
        "notifications",
        "../../migrations/0001_notifications"
    )]),
];
