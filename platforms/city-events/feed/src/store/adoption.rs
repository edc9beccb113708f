use seaworthy::data::{Adoption, AdoptionCheck, Engine, LegacyTable};

/// Takes over the database of the legacy service.
pub(super) const ADOPTION: Adoption = Adoption::new("the legacy feed service", Engine::Postgres)
    .with_tables(TABLES)
    .with_checks(CHECKS)
    .with_statements(include_str!("../../migrations/adopt.sql"))
    .with_verifications(VERIFICATIONS);

/// The tables after all migrations of the legacy service.
const TABLES: &[LegacyTable] = &[
    LegacyTable::new(
        "event_index",
        &[
            "event_id uuid not null",
            "title text not null",
            "city text",
            "tags text[]",
            "start_time timestamp with time zone not null",
            "status text not null",
            "owner_id text",
            "synced_at timestamp with time zone",
            "cover_image_ids text[]",
        ],
    ),
    LegacyTable::new(
        "event_trend_stats",
        &[
            "event_id uuid not null",
            "city text not null",
            "join_users_24h integer",
            "join_users_7d integer",
            "view_users_24h integer",
            "view_users_7d integer",
            "updated_at timestamp with time zone",
        ],
    ),
    LegacyTable::new(
        "track_outbox",
        &[
            "id uuid not null",
            "actor_key text not null",
            "event_type text not null",
            "event_id uuid not null",
            "feed_type text",
            "position integer",
            "request_id text",
            "bucket_date date not null",
            "created_at timestamp with time zone",
            "processed_at timestamp with time zone",
        ],
    ),
    LegacyTable::new(
        "user_events",
        &[
            "id uuid not null",
            "actor_key text not null",
            "event_type text not null",
            "event_id uuid not null",
            "feed_type text",
            "position integer",
            "request_id text",
            "occurred_at timestamp with time zone",
            "bucket_date date not null",
        ],
    ),
];

/// Rows that the tables of this service cannot hold.
const CHECKS: &[AdoptionCheck] = &[
    AdoptionCheck::new(
        "event_index.city is longer than 255 characters",
        "SELECT event_id FROM {legacy}event_index WHERE length(city) > 255",
    ),
    AdoptionCheck::new(
        "event_index.status is longer than 255 characters",
        "SELECT event_id FROM {legacy}event_index WHERE length(status) > 255",
    ),
    AdoptionCheck::new(
        "event_index.tags has a first tag longer than 255 characters",
        "SELECT event_id FROM {legacy}event_index WHERE length(tags[1]) > 255",
    ),
    AdoptionCheck::new(
        "user_events.actor_key is longer than 255 characters",
        "SELECT id FROM {legacy}user_events WHERE length(actor_key) > 255",
    ),
    AdoptionCheck::new(
        "track_outbox.actor_key is longer than 255 characters",
        "SELECT id FROM {legacy}track_outbox WHERE length(actor_key) > 255",
    ),
];

/// Rows that are not in the tables of this service.
const VERIFICATIONS: &[AdoptionCheck] = &[AdoptionCheck::new(
    "feed_events lacks rows of event_index",
    "SELECT event_id FROM {legacy}event_index o WHERE NOT EXISTS (SELECT 1 FROM feed_events n WHERE n.event_id = o.event_id)",
)];
