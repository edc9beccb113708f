use seaworthy::data::{Adoption, AdoptionCheck, Engine, LegacyTable};

/// Takes over the database of the legacy service.
pub(super) const ADOPTION: Adoption = Adoption::new("the legacy event service", Engine::Postgres)
    .with_tables(TABLES)
    .with_checks(CHECKS)
    .with_statements(include_str!("../../migrations/adopt.sql"))
    .with_verifications(VERIFICATIONS);

/// The tables after all migrations of the legacy service.
const TABLES: &[LegacyTable] = &[
    LegacyTable::new(
        "event_outbox",
        &[
            "id bigint not null",
            "message_id uuid not null",
            "routing_key text not null",
            "body jsonb not null",
            "created_at timestamp with time zone not null",
            "sent_at timestamp with time zone",
            "attempts integer not null",
            "last_error text",
            "status outbox_status not null",
            "next_retry_at timestamp with time zone",
        ],
    ),
    LegacyTable::new(
        "events",
        &[
            "id uuid not null",
            "owner_id text not null",
            "title text not null",
            "description text not null",
            "city text not null",
            "category text not null",
            "start_time timestamp with time zone not null",
            "end_time timestamp with time zone not null",
            "capacity integer not null",
            "status text not null",
            "published_at timestamp with time zone",
            "canceled_at timestamp with time zone",
            "created_at timestamp with time zone not null",
            "updated_at timestamp with time zone not null",
            "search_vector tsvector",
            "active_participants integer not null",
            "city_norm text not null",
            "cover_image_ids jsonb",
        ],
    ),
];

/// Rows that the tables of this service cannot hold.
const CHECKS: &[AdoptionCheck] = &[
    AdoptionCheck::new(
        "events.status is not draft, published or canceled",
        "SELECT id FROM {legacy}events WHERE status NOT IN ('draft', 'published', 'canceled')",
    ),
    AdoptionCheck::new(
        "events.capacity is negative",
        "SELECT id FROM {legacy}events WHERE capacity < 0",
    ),
    AdoptionCheck::new(
        "event_outbox.routing_key is not a valid topic name",
        "SELECT id FROM {legacy}event_outbox WHERE status <> 'sent' AND routing_key !~ '^[A-Za-z0-9._-]{1,200}$'",
    ),
];

/// Rows that are not in the tables of this service.
const VERIFICATIONS: &[AdoptionCheck] = &[
    AdoptionCheck::new(
        "events lacks rows of events",
        "SELECT id FROM {legacy}events o WHERE NOT EXISTS (SELECT 1 FROM events n WHERE n.id = o.id)",
    ),
    AdoptionCheck::new(
        "outbox lacks messages of event_outbox",
        "SELECT id FROM {legacy}event_outbox o WHERE status <> 'sent' AND NOT EXISTS (SELECT 1 FROM outbox n WHERE n.id = CAST(o.message_id AS text))",
    ),
];
