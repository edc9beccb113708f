use seaworthy_data::{Migration, MigrationSet};

/// The tables of outbox and inbox, in the database of the service: add this set to the service's own.
pub const MIGRATIONS: MigrationSet = MigrationSet::of_part(
    "outbox",
    &[
        Migration::new(
            1,
            "outbox",
            include_str!("../migrations/0001_outbox.up.sql"),
            include_str!("../migrations/0001_outbox.down.sql"),
        ),
        Migration::new(
            2,
            "inbox_without_attempts",
            include_str!("../migrations/0002_inbox_without_attempts.up.sql"),
            include_str!("../migrations/0002_inbox_without_attempts.down.sql"),
        ),
        Migration::new(
            3,
            "outbox_keys",
            include_str!("../migrations/0003_outbox_keys.up.sql"),
            include_str!("../migrations/0003_outbox_keys.down.sql"),
        ),
    ],
);
