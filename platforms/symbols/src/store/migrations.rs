use seaworthy::{
    data::{IDEMPOTENCY_MIGRATIONS, LEASE_MIGRATIONS, Migration, MigrationSet},
    operation_log, outbox,
};

use super::adoption::ADOPTION;

/// The checksum of a former text of the first migration, which differs only in its comments.
const OTHER_COMMENTS: &[&str] =
    &["c9865c3f78100e2ccf69b05f98378b82da878dbb179fb70c80792745e5eb0e0f"];

/// Tables of symbols, of the outbox, of idempotency keys, of the operation log and of leases.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    MigrationSet::for_service(&[Migration::new(
        1,
        "symbols",
        include_str!("../../migrations/0001_symbols.up.sql"),
        include_str!("../../migrations/0001_symbols.down.sql"),
    )
    .with_previous_checksums(OTHER_COMMENTS)])
    .with_adoption(&ADOPTION),
    outbox::MIGRATIONS,
    IDEMPOTENCY_MIGRATIONS,
    operation_log::MIGRATIONS,
    LEASE_MIGRATIONS,
];
