use seaworthy_data::{Migration, MigrationSet};

/// The tables of accounts, in the database of the service: add this set to the service's own. Users themselves are the service's.
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
