use seaworthy::data::{Adoption, AdoptionCheck, Engine, LegacyTable};

/// Takes over the database of the legacy service.
pub(super) const ADOPTION: Adoption = Adoption::new("the legacy join service", Engine::Postgres)
    .with_tables(TABLES)
    .with_checks(CHECKS)
    .with_statements(include_str!("../../migrations/adopt.sql"))
    .with_verifications(VERIFICATIONS);

/// The tables after all migrations of the legacy service.
const TABLES: &[LegacyTable] = &[
    LegacyTable::new(
        "event_bans",
        &[
            "event_id uuid not null",
            "user_id uuid not null",
            "actor_id uuid not null",
            "reason text",
            "expires_at timestamp with time zone",
            "created_at timestamp with time zone not null",
        ],
    ),
    LegacyTable::new(
        "event_capacity",
        &[
            "event_id uuid not null",
            "capacity integer not null",
            "active_count integer not null",
            "waitlist_count integer not null",
            "created_at timestamp with time zone not null",
            "updated_at timestamp with time zone not null",
        ],
    ),
    LegacyTable::new(
        "idempotency_keys",
        &[
            "key text not null",
            "user_id uuid not null",
            "event_id uuid not null",
            "action text not null",
            "created_at timestamp with time zone not null",
            "expires_at timestamp with time zone not null",
        ],
    ),
    LegacyTable::new(
        "joins",
        &[
            "id uuid not null",
            "event_id uuid not null",
            "user_id uuid not null",
            "status join_status not null",
            "created_at timestamp with time zone not null",
            "updated_at timestamp with time zone not null",
            "canceled_at timestamp with time zone",
            "activated_at timestamp with time zone",
            "expired_at timestamp with time zone",
            "expired_reason text",
            "canceled_by uuid",
            "canceled_reason text",
            "rejected_at timestamp with time zone",
            "rejected_by uuid",
            "rejected_reason text",
        ],
    ),
    LegacyTable::new(
        "outbox",
        &[
            "id uuid not null",
            "trace_id text not null",
            "routing_key text not null",
            "payload jsonb not null",
            "status outbox_status not null",
            "occurred_at timestamp with time zone not null",
            "next_retry_at timestamp with time zone",
            "message_id uuid not null",
            "attempt integer not null",
            "last_error text",
        ],
    ),
    LegacyTable::new(
        "processed_messages",
        &[
            "message_id text not null",
            "handler_name text not null",
            "processed_at timestamp with time zone not null",
        ],
    ),
];

/// Rows that the tables of this service cannot hold.
const CHECKS: &[AdoptionCheck] = &[
    AdoptionCheck::new(
        "joins.event_id has no row in event_capacity",
        "SELECT id FROM {legacy}joins j WHERE NOT EXISTS (SELECT 1 FROM {legacy}event_capacity c WHERE c.event_id = j.event_id)",
    ),
    AdoptionCheck::new(
        "event_capacity.capacity is below -1",
        "SELECT event_id FROM {legacy}event_capacity WHERE capacity < -1",
    ),
    AdoptionCheck::new(
        "outbox.routing_key is not a valid topic name",
        "SELECT id FROM {legacy}outbox WHERE status <> 'sent' AND routing_key !~ '^[A-Za-z0-9._-]{1,200}$'",
    ),
];

/// Rows that are not in the tables of this service.
const VERIFICATIONS: &[AdoptionCheck] = &[
    AdoptionCheck::new(
        "joins lacks rows of joins",
        "SELECT id FROM {legacy}joins o WHERE NOT EXISTS (SELECT 1 FROM joins n WHERE n.id = o.id)",
    ),
    AdoptionCheck::new(
        "event_capacity lacks rows of event_capacity",
        "SELECT event_id FROM {legacy}event_capacity o WHERE NOT EXISTS (SELECT 1 FROM event_capacity n WHERE n.event_id = o.event_id)",
    ),
    AdoptionCheck::new(
        "event_bans lacks rows",
        "SELECT user_id FROM {legacy}event_bans o WHERE NOT EXISTS (SELECT 1 FROM event_bans n WHERE n.event_id = o.event_id AND n.user_id = o.user_id)",
    ),
    AdoptionCheck::new(
        "outbox lacks messages",
        "SELECT id FROM {legacy}outbox o WHERE status <> 'sent' AND NOT EXISTS (SELECT 1 FROM outbox n WHERE n.id = CAST(o.message_id AS text))",
    ),
];
