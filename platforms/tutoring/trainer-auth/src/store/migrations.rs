use seaworthy::{
    account, audit_log,
    data::{Migration, MigrationSet},
    outbox,
};

/// The tables of accounts, of applications, of messages and of the audit log.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    tutoring_identity::MIGRATIONS,
    account::MIGRATIONS,
    outbox::MIGRATIONS,
    audit_log::MIGRATIONS,
    MigrationSet::of_service(&[Migration::new(
        1,
        "applications",
        include_str!("../../migrations/0001_applications.up.sql"),
        include_str!("../../migrations/0001_applications.down.sql"),
    )]),
];
