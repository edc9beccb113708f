use seaworthy_data::{Migration, MigrationSet};

/// The migrations of the audit log. Add this set to those of the service.
pub const MIGRATIONS: MigrationSet = MigrationSet::of_part(
    "audit_log",
    &[
        Migration::new(
            1,
            "audit_log",
            include_str!("../migrations/0001_audit_log.up.sql"),
            include_str!("../migrations/0001_audit_log.down.sql"),
        ),
        Migration::new(
            2,
            "pruned_proof",
            include_str!("../migrations/0002_pruned_proof.up.sql"),
            include_str!("../migrations/0002_pruned_proof.down.sql"),
        ),
    ],
);
