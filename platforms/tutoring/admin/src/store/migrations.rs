use seaworthy::{
    account, audit_log,
    data::{Migration, MigrationSet},
};

/// The tables of admins, of their second factors and of the audit log.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    MigrationSet::of_service(&[Migration::new(
        1,
        "admins",
        include_str!("../../migrations/0001_admins.up.sql"),
        include_str!("../../migrations/0001_admins.down.sql"),
    )]),
    account::MIGRATIONS,
    audit_log::MIGRATIONS,
];
