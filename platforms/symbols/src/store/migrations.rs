use seaworthy::{
    data::{IDEMPOTENCY_MIGRATIONS, Migration, MigrationSet},
    outbox,
};

/// The tables of the service: its own, its outbox, and the keys of repeated requests.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    MigrationSet::of_service(&[Migration::new(
        1,
        "symbols",
        include_str!("../../migrations/0001_symbols.up.sql"),
        include_str!("../../migrations/0001_symbols.down.sql"),
    )]),
    outbox::MIGRATIONS,
    IDEMPOTENCY_MIGRATIONS,
];
