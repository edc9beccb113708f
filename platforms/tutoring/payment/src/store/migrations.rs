use seaworthy::{
    audit_log,
    data::{LEASE_MIGRATIONS, MigrationSet, migration},
    operation_log, outbox,
};

/// The tables of payments, messages, leases and logs.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    outbox::MIGRATIONS,
    audit_log::MIGRATIONS,
    operation_log::MIGRATIONS,
    LEASE_MIGRATIONS,
    MigrationSet::for_service(&[
        migration!(1, "payments", "../../migrations/0001_payments"),
        migration!(2, "created", "../../migrations/0002_created"),
    ]),
];
