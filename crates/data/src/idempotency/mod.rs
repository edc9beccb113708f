//! Idempotency keys in the database of the service (API-6), for all replicas and across restarts.

mod capacity;
mod error;
mod eviction;
mod known_key;
mod mark;
mod outcome;
mod store;

pub(crate) use mark::KeyMark;
pub use store::DatabaseStore;

use crate::{Migration, MigrationSet};

/// The accepted checksum of a former text of `0001_idempotency`, with other comments.
const FORMER_IDEMPOTENCY: &[&str] =
    &["6a709141f32c4db44ee0f1b3da96d0476776b0290f53f6fdbbbf47cf4c572e4c"];
/// The accepted checksum of a former text of `0002_idempotency`, with other comments.
const FORMER_OUTCOMES: &[&str] =
    &["3bc1f19e876ba43398c30b2cce6a64be5739faf2ec55066d4a530d13a75ab9ca"];

/// The migrations of [`DatabaseStore`]. Add this set to those of the service.
pub const IDEMPOTENCY_MIGRATIONS: MigrationSet = MigrationSet::for_part(
    "idempotency",
    &[
        Migration::new(
            1,
            "idempotency",
            include_str!("../../migrations/0001_idempotency.up.sql"),
            include_str!("../../migrations/0001_idempotency.down.sql"),
        )
        .with_previous_checksums(FORMER_IDEMPOTENCY),
        Migration::new(
            2,
            "outcomes",
            include_str!("../../migrations/0002_idempotency.up.sql"),
            include_str!("../../migrations/0002_idempotency.down.sql"),
        )
        .with_previous_checksums(FORMER_OUTCOMES),
        Migration::new(
            3,
            "shares",
            include_str!("../../migrations/0003_idempotency.up.sql"),
            include_str!("../../migrations/0003_idempotency.down.sql"),
        ),
    ],
);
