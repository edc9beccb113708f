use seaworthy_data::{Migration, MigrationSet};

/// Accepted checksums of former texts of `0003_replays`, which differ in comments only.
const FORMER_REPLAYS: &[&str] = &[
    "1cfadbf5d751a7a2753f5561d3c4226258ddb148f5e35204709f5e95924f7dd9",
    "4c640e497227257cf0dc661505e6ff2ae68543f4398f556b5bd4fbb2c6eeb6b1",
];
/// The accepted checksum of a former text of `0002_version_changes`, with other comments.
const FORMER_VERSION_CHANGES: &[&str] =
    &["eeb19fa588d89b7aa630d262ef5fd77e06af0101f7541798eec4a605edf8c762"];
/// Accepted checksums of former texts of `0001_account`, which differ in comments only.
const FORMER_ACCOUNT: &[&str] = &[
    "65884b3eaaa8696618e12ce7a2ca03d72d7550a1ef463420b20c8d07d67d49a1",
    "7a60fd57775123fc978ebe14fa5bfdefa2626dffa5c7137ab011ffa1735b0ea1",
];

/// The tables of this crate. Add the set to the migrations of the service, which has the table of
/// users.
pub const MIGRATIONS: MigrationSet = MigrationSet::for_part(
    "account",
    &[
        Migration::new(
            1,
            "account",
            include_str!("../migrations/0001_account.up.sql"),
            include_str!("../migrations/0001_account.down.sql"),
        )
        .with_previous_checksums(FORMER_ACCOUNT),
        Migration::new(
            2,
            "version_changes",
            include_str!("../migrations/0002_version_changes.up.sql"),
            include_str!("../migrations/0002_version_changes.down.sql"),
        )
        .with_previous_checksums(FORMER_VERSION_CHANGES),
        Migration::new(
            3,
            "replays",
            include_str!("../migrations/0003_replays.up.sql"),
            include_str!("../migrations/0003_replays.down.sql"),
        )
        .with_previous_checksums(FORMER_REPLAYS),
    ],
);
