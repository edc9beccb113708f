use seaworthy::{
    data::{Migration, MigrationSet},
    outbox,
};

/// Tables of the history and of the inbox. The set has its own name, because the database may also
/// have the tables of the service.
pub(super) const MIGRATIONS: &[MigrationSet] = &[
    MigrationSet::for_part(
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
