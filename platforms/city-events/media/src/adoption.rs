use seaworthy::data::{Adoption, AdoptionCheck, Engine, LegacyTable};

/// Takes over the database of the legacy service.
pub(crate) const ADOPTION: Adoption = Adoption::new("the legacy media service", Engine::Postgres)
    .with_tables(TABLES)
    .with_checks(CHECKS)
    .with_statements(include_str!("../migrations/adopt.sql"))
    .with_verifications(VERIFICATIONS);

/// The tables after all migrations of the legacy service.
const TABLES: &[LegacyTable] = &[LegacyTable::new(
    "media_uploads",
    &[
        "id uuid not null",
        "owner_id uuid not null",
        "purpose character varying not null",
        "status character varying not null",
        "raw_object_key character varying",
        "derived_keys jsonb",
        "error_message text",
        "created_at timestamp with time zone not null",
        "updated_at timestamp with time zone not null",
    ],
)];

/// Rows that the tables of this service cannot hold.
const CHECKS: &[AdoptionCheck] = &[
    AdoptionCheck::new(
        "media_uploads.purpose is not avatar or event_cover",
        "SELECT id FROM {legacy}media_uploads WHERE purpose NOT IN ('avatar', 'event_cover')",
    ),
    AdoptionCheck::new(
        "media_uploads.status is not a status of the legacy service",
        "SELECT id FROM {legacy}media_uploads WHERE status NOT IN ('PENDING', 'UPLOADED', 'PROCESSING', 'READY', 'FAILED')",
    ),
];

/// Rows that are not in the tables of this service.
const VERIFICATIONS: &[AdoptionCheck] = &[AdoptionCheck::new(
    "uploads lacks rows of media_uploads",
    "SELECT id FROM {legacy}media_uploads o WHERE NOT EXISTS (SELECT 1 FROM uploads n WHERE n.id = o.id)",
)];
