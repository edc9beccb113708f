use seaworthy_data::{Migration, MigrationSet};

/// The tables of uploads. Add this set to the migrations of the service.
pub const MIGRATIONS: MigrationSet = MigrationSet::for_part(
    "uploads",
    &[Migration::new(
        1,
        "uploads",
        include_str!("../migrations/0001_uploads.up.sql"),
        include_str!("../migrations/0001_uploads.down.sql"),
    )],
);
