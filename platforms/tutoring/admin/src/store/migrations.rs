use seaworthy::{
    account, audit_log,
    data::{LEASE_MIGRATIONS, MigrationSet, migration},
    operation_log,
};

/// The tables of admins, of their second factors, of leases and of logs.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    MigrationSet::for_service(&[migration!(1, "admins", "../../migrations/0001_admins")]),
    account::MIGRATIONS,
    audit_log::MIGRATIONS,
    operation_log::MIGRATIONS,
    LEASE_MIGRATIONS,
];
