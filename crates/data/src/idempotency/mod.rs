//! Idempotency keys in the database of the service (API-6), for all replicas and across restarts.

mod answer;
mod error;
mod eviction;
mod mark;
mod outcome;
mod room;
mod store;

pub(crate) use mark::KeyMark;
pub use store::DatabaseStore;

use crate::{Migration, MigrationSet};

/// The migrations of [`DatabaseStore`]. Add this set to those of the service.
pub const IDEMPOTENCY_MIGRATIONS: MigrationSet = MigrationSet::of_part(
    "idempotency",
    &[
        Migration::new(
            1,
            "idempotency",
            include_str!("../../migrations/0001_idempotency.up.sql"),
            include_str!("../../migrations/0001_idempotency.down.sql"),
        ),
        Migration::new(
            2,
            "outcomes",
            include_str!("../../migrations/0002_idempotency.up.sql"),
            include_str!("../../migrations/0002_idempotency.down.sql"),
        ),
        Migration::new(
            3,
            "shares",
            include_str!("../../migrations/0003_idempotency.up.sql"),
            include_str!("../../migrations/0003_idempotency.down.sql"),
        ),
    ],
);
