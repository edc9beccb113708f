use seaworthy::{
    data::{Migration, MigrationSet},
    outbox,
};

/// The history, and the inbox that keeps each event in it once. The set has a name, because the database may be that of the service, which has a set of its own.
pub(super) const MIGRATIONS: &[MigrationSet] = &[
    MigrationSet::of_part(
        "history",
        &[Migration::new(
            1,
            "history",
            include_str!("../../migrations/0001_history.up.sql"),
            include_str!("../../migrations/0001_history.down.sql"),
        )],
    ),
    outbox::MIGRATIONS,
];
