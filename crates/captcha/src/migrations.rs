use seaworthy_data::{Migration, MigrationSet};

/// The tables of this crate. Add the set to the migrations of the service.
pub const MIGRATIONS: MigrationSet = MigrationSet::for_part(
    "captcha",
    &[
        Migration::new(
            1,
            "captcha",
            include_str!("../migrations/0001_captcha.up.sql"),
            include_str!("../migrations/0001_captcha.down.sql"),
        ),
        Migration::new(
            2,
            "targets",
            include_str!("../migrations/0002_targets.up.sql"),
            include_str!("../migrations/0002_targets.down.sql"),
        ),
        Migration::new(
            3,
            "sent_codes",
            include_str!("../migrations/0003_sent_codes.up.sql"),
            include_str!("../migrations/0003_sent_codes.down.sql"),
        ),
        Migration::new(
            4,
            "counts",
            include_str!("../migrations/0004_counts.up.sql"),
            include_str!("../migrations/0004_counts.down.sql"),
        ),
    ],
);
