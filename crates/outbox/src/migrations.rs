use seaworthy_data::{Migration, MigrationSet};

/// The checksum of the second migration with `DROP TABLE inbox_attempts`, which failed replicas of
/// an earlier version during a rolling upgrade.
const DROPPED_INBOX_ATTEMPTS: &[&str] =
    &["16bd381f9394185201722a5f225a1f03657edc839925df354fd441754674736e"];
/// The accepted checksum of a former text of the first migration, with other comments.
const FORMER_OUTBOX: &[&str] =
    &["a6a426fa5ae0f2eff89e642892c8a3911166b9d4a45806a6d67bcae59abb3b63"];
/// The accepted checksum of a former text of the third migration, with other comments.
const FORMER_OUTBOX_KEYS: &[&str] =
    &["f1808d364b8912f2ceb2a65739a838401ebc07e8f97c83d81d6d59c7eeba3c15"];

/// The tables of outbox and inbox. Add this set to the migrations of the service.
pub const MIGRATIONS: MigrationSet = MigrationSet::for_part(
    "outbox",
    &[
        Migration::new(
            1,
            "outbox",
            include_str!("../migrations/0001_outbox.up.sql"),
            include_str!("../migrations/0001_outbox.down.sql"),
        )
        .with_previous_checksums(FORMER_OUTBOX),
        Migration::new(
            2,
            "inbox_without_attempts",
            include_str!("../migrations/0002_inbox_without_attempts.up.sql"),
            include_str!("../migrations/0002_inbox_without_attempts.down.sql"),
        )
        .with_previous_checksums(DROPPED_INBOX_ATTEMPTS),
        Migration::new(
            3,
            "outbox_keys",
            include_str!("../migrations/0003_outbox_keys.up.sql"),
            include_str!("../migrations/0003_outbox_keys.down.sql"),
        )
        .with_previous_checksums(FORMER_OUTBOX_KEYS),
        Migration::new(
            4,
            "outbox_partitions",
            include_str!("../migrations/0004_outbox_partitions.up.sql"),
            include_str!("../migrations/0004_outbox_partitions.down.sql"),
        ),
    ],
);
