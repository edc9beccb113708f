use seaworthy::data::{Adoption, AdoptionCheck, Engine, LegacyTable};

/// Takes over the database of the legacy service.
pub(super) const ADOPTION: Adoption = Adoption::new("the legacy auth service", Engine::Postgres)
    .with_tables(TABLES)
    .with_checks(CHECKS)
    .with_statements(include_str!("../../migrations/adopt.sql"))
    .with_verifications(VERIFICATIONS);

/// The tables after all migrations of the legacy service.
const TABLES: &[LegacyTable] = &[
    LegacyTable::new(
        "oauth_identities",
        &[
            "id uuid not null",
            "provider text not null",
            "provider_user_id text not null",
            "email text",
            "user_id uuid not null",
            "created_at timestamp with time zone not null",
        ],
    ),
    LegacyTable::new(
        "users",
        &[
            "id uuid not null",
            "email text not null",
            "password_hash text",
            "role text not null",
            "email_verified boolean not null",
            "locked boolean not null",
            "token_version bigint not null",
            "password_changed_at timestamp with time zone",
            "created_at timestamp with time zone not null",
            "updated_at timestamp with time zone not null",
            "username text",
            "avatar_image_id uuid",
        ],
    ),
];

/// Rows that the tables of this service cannot hold.
const CHECKS: &[AdoptionCheck] = &[
    AdoptionCheck::new(
        "users.email equals that of another user, ignoring case and spaces",
        "SELECT id FROM {legacy}users u WHERE EXISTS (SELECT 1 FROM {legacy}users o WHERE o.id <> u.id AND lower(btrim(o.email)) = lower(btrim(u.email)))",
    ),
    AdoptionCheck::new(
        "users.email is empty",
        "SELECT id FROM {legacy}users WHERE btrim(email) = ''",
    ),
    AdoptionCheck::new(
        "users.email is longer than 255 characters",
        "SELECT id FROM {legacy}users WHERE length(email) > 255",
    ),
    AdoptionCheck::new(
        "users.username is longer than 255 characters",
        "SELECT id FROM {legacy}users WHERE length(username) > 255",
    ),
    AdoptionCheck::new(
        "oauth_identities.provider is longer than 255 characters",
        "SELECT id FROM {legacy}oauth_identities WHERE length(provider) > 255",
    ),
    AdoptionCheck::new(
        "oauth_identities.provider_user_id is longer than 255 characters",
        "SELECT id FROM {legacy}oauth_identities WHERE length(provider_user_id) > 255",
    ),
    AdoptionCheck::new(
        "oauth_identities.email is longer than 255 characters",
        "SELECT id FROM {legacy}oauth_identities WHERE length(email) > 255",
    ),
];

/// Rows that are not in the tables of this service.
const VERIFICATIONS: &[AdoptionCheck] = &[
    AdoptionCheck::new(
        "users lacks rows of users",
        "SELECT id FROM {legacy}users o WHERE NOT EXISTS (SELECT 1 FROM users n WHERE n.id = o.id)",
    ),
    AdoptionCheck::new(
        "oauth_identities lacks rows of oauth_identities",
        "SELECT id FROM {legacy}oauth_identities o WHERE NOT EXISTS (SELECT 1 FROM oauth_identities n WHERE n.id = o.id)",
    ),
];
