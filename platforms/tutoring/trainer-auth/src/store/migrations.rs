use seaworthy::{
    account::{self, ONE_TIME_CODE_MIGRATIONS},
    audit_log,
    data::{LEASE_MIGRATIONS, MigrationSet, migration},
    operation_log, outbox,
};

/// The tables of accounts, of applications, of messages, of leases and of logs.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    tutoring_identity::MIGRATIONS,
    account::MIGRATIONS,
    ONE_TIME_CODE_MIGRATIONS,
    outbox::MIGRATIONS,
    audit_log::MIGRATIONS,
    operation_log::MIGRATIONS,
    LEASE_MIGRATIONS,
    MigrationSet::for_service(&[migration!(
        1,
        "applications",
        "../../migrations/0001_applications"
    )]),
];
