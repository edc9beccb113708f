use seaworthy::{
    data::{IDEMPOTENCY_MIGRATIONS, Migration, MigrationSet},
    outbox,
};

use super::adoption::ADOPTION;

/// Tables of symbols, of the outbox and of idempotency keys.
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
];
