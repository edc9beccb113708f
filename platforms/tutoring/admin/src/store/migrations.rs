use seaworthy::{
    account, audit_log,
    data::{MigrationSet, migration},
};

/// The tables of admins, of their second factors and of the audit log.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    MigrationSet::for_service(&[migration!(1, "admins", "../../migrations/0001_admins")]),
    account::MIGRATIONS,
    audit_log::MIGRATIONS,
];
