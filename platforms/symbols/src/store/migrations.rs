use seaworthy::{
    data::{IDEMPOTENCY_MIGRATIONS, Migration, MigrationSet},
    operation_log, outbox,
};

use super::adoption::ADOPTION;

/// Tables of symbols, of the outbox, of idempotency keys and of the operation log.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    MigrationSet::of_service(&[Migration::new(
        1,
        "symbols",
        include_str!("../../migrations/0001_symbols.up.sql"),
        include_str!("../../migrations/0001_symbols.down.sql"),
    )])
    .with_adoption(&ADOPTION),
    outbox::MIGRATIONS,
    IDEMPOTENCY_MIGRATIONS,
    operation_log::MIGRATIONS,
];
