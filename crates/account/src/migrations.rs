use seaworthy_data::{Migration, MigrationSet};

/// The tables of this crate. Add the set to the migrations of the service, which has the table of
/// users.
pub const MIGRATIONS: MigrationSet = MigrationSet::of_part(
    "account",
    &[
        Migration::new(
            1,
            "account",
            include_str!("../migrations/0001_account.up.sql"),
            include_str!("../migrations/0001_account.down.sql"),
        ),
        Migration::new(
            2,
            "version_changes",
            include_str!("../migrations/0002_version_changes.up.sql"),
            include_str!("../migrations/0002_version_changes.down.sql"),
        ),
        Migration::new(
            3,
            "replays",
            include_str!("../migrations/0003_replays.up.sql"),
            include_str!("../migrations/0003_replays.down.sql"),
        ),
    ],
);
