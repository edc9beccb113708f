use seaworthy_data::{Migration, MigrationSet};

/// The table of this crate. Add the set to the migrations of the service.
pub const MIGRATIONS: MigrationSet = MigrationSet::of_part(
    "captcha",
    &[Migration::new(
        1,
        "captcha",
        include_str!("../migrations/0001_captcha.up.sql"),
        include_str!("../migrations/0001_captcha.down.sql"),
    )],
);
