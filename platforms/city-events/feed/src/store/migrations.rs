use seaworthy::{
    data::{Migration, MigrationSet},
    outbox,
};

use super::adoption::ADOPTION;

/// The checksum of a former text of migration 1, which differs only in its comments.
const FEED_WITH_OTHER_COMMENTS: &[&str] =
    &["c6cdd1ca800312025e17b6a98026f561f51fa07fc854d959d41e67338f32d433"];
/// The checksum of a former text of migration 2, which differs only in its comments.
const JOINS_WITH_OTHER_COMMENTS: &[&str] =
    &["8802878d55b35eed03d42448f7f07716fa79a6749a04729b19d629f364f36a57"];

/// Tables of the index and of the inbox.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    MigrationSet::for_service(&[
        Migration::new(
            1,
            "feed",
            include_str!("../../migrations/0001_feed.up.sql"),
            include_str!("../../migrations/0001_feed.down.sql"),
        )
        .with_previous_checksums(FEED_WITH_OTHER_COMMENTS),
        Migration::new(
            2,
            "joins",
            include_str!("../../migrations/0002_joins.up.sql"),
            include_str!("../../migrations/0002_joins.down.sql"),
        )
        .with_previous_checksums(JOINS_WITH_OTHER_COMMENTS),
        Migration::new(
            3,
            "scores",
            include_str!("../../migrations/0003_scores.up.sql"),
            include_str!("../../migrations/0003_scores.down.sql"),
        ),
        Migration::new(
            4,
            "times",
            include_str!("../../migrations/0004_times.up.sql"),
            include_str!("../../migrations/0004_times.down.sql"),
        ),
    ])
    .with_adoption(&ADOPTION),
    outbox::MIGRATIONS,
];
