use seaworthy_data::{Migration, MigrationSet};

/// The tables of imports. Add this set to the migrations of the service.
pub const MIGRATIONS: MigrationSet = MigrationSet::for_part(
    "csv_imports",
    &[
        Migration::new(
            1,
            "csv imports",
            include_str!("../migrations/0001_csv_imports.up.sql"),
            include_str!("../migrations/0001_csv_imports.down.sql"),
        ),
        Migration::new(
            2,
            "owners of csv imports",
            include_str!("../migrations/0002_csv_import_owners.up.sql"),
            include_str!("../migrations/0002_csv_import_owners.down.sql"),
        ),
        Migration::new(
            3,
            "spelling of canceled csv imports",
            include_str!("../migrations/0003_canceled_csv_imports.up.sql"),
            include_str!("../migrations/0003_canceled_csv_imports.down.sql"),
        ),
    ],
);
