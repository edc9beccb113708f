use seaworthy_data::{Migration, MigrationSet};

/// The checksum of a former text of `0002_pruned_proof`, which differs only in its comments.
const FORMER_PRUNED_PROOF: &[&str] =
    &["b9bba8b19fc4ac0689104e0c13ec7fb5cc904d53b702e8c99b2c36976460f7c1"];
/// The checksums of former texts of `0001_audit_log`, which differ only in their comments.
const FORMER_AUDIT_LOG: &[&str] = &[
    "c5c3c94af9dcf6c3e75b7e1d31eaa9d11d313fb90dc5e18519746741fa709f5f",
    "2a32e6e08ddacf4f1fd324ee475164bf4f21f4d0ee8d1f7e275035c53d253a0f",
];

/// The migrations of the audit log. Add this set to those of the service.
pub const MIGRATIONS: MigrationSet = MigrationSet::for_part(
    "audit_log",
    &[
        Migration::new(
            1,
            "audit_log",
            include_str!("../migrations/0001_audit_log.up.sql"),
            include_str!("../migrations/0001_audit_log.down.sql"),
        )
        .with_previous_checksums(FORMER_AUDIT_LOG),
        Migration::new(
            2,
            "pruned_proof",
            include_str!("../migrations/0002_pruned_proof.up.sql"),
            include_str!("../migrations/0002_pruned_proof.down.sql"),
        )
        .with_previous_checksums(FORMER_PRUNED_PROOF),
    ],
);
