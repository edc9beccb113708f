use seaworthy::{
    account, audit_log,
    data::{MigrationSet, migration},
    outbox,
};

/// The tables of accounts, of applications, of messages and of the audit log.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    tutoring_identity::MIGRATIONS,
    account::MIGRATIONS,
    outbox::MIGRATIONS,
    audit_log::MIGRATIONS,
    MigrationSet::for_service(&[migration!(
        1,
        "applications",
        "../../migrations/0001_applications"
    )]),
];
