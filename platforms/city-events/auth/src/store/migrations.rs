use seaworthy::{
    account, audit_log,
    data::{Migration, MigrationSet},
    outbox,
};

/// The migrations of the service, its accounts, its audit log and its outbox.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    MigrationSet::of_service(&[
        Migration::new(
            1,
            "users",
            include_str!("../../migrations/0001_users.up.sql"),
            include_str!("../../migrations/0001_users.down.sql"),
        ),
        Migration::new(
            2,
            "identities_show_addresses",
            include_str!("../../migrations/0002_identities_show_addresses.up.sql"),
            include_str!("../../migrations/0002_identities_show_addresses.down.sql"),
        ),
    ]),
    account::MIGRATIONS,
    audit_log::MIGRATIONS,
    outbox::MIGRATIONS,
];
