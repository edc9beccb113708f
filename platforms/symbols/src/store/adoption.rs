use seaworthy::data::{Adoption, AdoptionCheck, Engine, LegacyTable};

/// Takes over the database of the legacy service.
pub(super) const ADOPTION: Adoption = Adoption::new("the legacy symbol service", Engine::MySql)
    .with_tables(TABLES)
    .with_checks(CHECKS)
    .with_statements(include_str!("../../migrations/adopt.sql"))
    .with_verifications(VERIFICATIONS);

/// The tables of the legacy service.
const TABLES: &[LegacyTable] = &[
    LegacyTable::new(
        "symbols",
        &[
            "id bigint unsigned not null",
            "created_at datetime(3)",
            "updated_at datetime(3)",
            "deleted_at datetime(3)",
            "project_id bigint unsigned not null",
            "uid varchar(255) not null",
            "label varchar(255) not null",
            "class_name varchar(255) not null",
            "component_target varchar(255) not null",
            "version int unsigned not null",
        ],
    ),
    LegacyTable::new(
        "symbol_data",
        &[
            "id bigint unsigned not null",
            "created_at datetime(3)",
            "updated_at datetime(3)",
            "deleted_at datetime(3)",
            "symbol_id bigint unsigned not null",
            "data longblob not null",
        ],
    ),
];

/// Rows that the tables of this service cannot hold.
const CHECKS: &[AdoptionCheck] = &[AdoptionCheck::new(
    "symbols.id is above 9223372036854775807",
    "SELECT id FROM {legacy}symbols WHERE id > 9223372036854775807",
)];

/// Rows that are not in the tables of this service.
const VERIFICATIONS: &[AdoptionCheck] = &[
    AdoptionCheck::new(
        "symbols lacks rows",
        "SELECT id FROM {legacy}symbols o WHERE NOT EXISTS (SELECT 1 FROM symbols n WHERE n.id = o.id)",
    ),
    AdoptionCheck::new(
        "symbol_data lacks rows or has other data",
        "SELECT d.id FROM {legacy}symbol_data d WHERE d.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM symbol_data n WHERE n.symbol_id = d.symbol_id AND n.data = d.data)",
    ),
];
