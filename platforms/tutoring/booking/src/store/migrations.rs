use seaworthy::{
    audit_log,
    data::{Migration, MigrationSet},
    operation_log,
};

/// The tables of prices, of the audit log and of the operation log.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    audit_log::MIGRATIONS,
    operation_log::MIGRATIONS,
    MigrationSet::of_service(&[Migration::new(
        1,
        "prices",
        include_str!("../../migrations/0001_prices.up.sql"),
        include_str!("../../migrations/0001_prices.down.sql"),
    )]),
];
