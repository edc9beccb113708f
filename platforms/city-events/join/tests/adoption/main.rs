//! Adoption of a database that the legacy service made, by the program.

use city_events_contract::LegacyService;
use seaworthy::data::{Migration, MigrationSet};

const LEGACY: MigrationSet = MigrationSet::of_part(
    "fixture",
    &[Migration::new(
        1,
        "legacy",
        concat!(include_str!("schema.sql"), include_str!("rows.sql")),
        "",
    )],
);

async fn legacy() -> Option<LegacyService> {
    let secrets = ["jwt.secret", "audit_log.key"];
    let program = env!("CARGO_BIN_EXE_city-events-join");
    LegacyService::create(program, LEGACY, &secrets).await
}

#[tokio::test(flavor = "multi_thread")]
async fn legacy_database_is_refused_unchanged_data_2() {
    let Some(service) = legacy().await else {
        return;
    };
    service
        .refuses_unadopted(
            "ALTER TABLE joins ADD COLUMN further text",
            "ALTER TABLE joins DROP COLUMN further",
            "joins.further is unknown",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unconvertible_rows_are_all_reported_data_2() {
    let Some(service) = legacy().await else {
        return;
    };
    let changes = [
        "DELETE FROM event_capacity WHERE capacity = 1",
        "UPDATE outbox SET routing_key = '' WHERE trace_id = 't1'",
    ];
    let problems = [
        "joins.event_id has no row in event_capacity in 3 rows",
        "outbox.routing_key is not a valid topic name in 1 rows",
    ];
    service.refuses_rows(&changes, &problems).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn adopted_database_has_all_rows_data_2() {
    let Some(service) = legacy().await else {
        return;
    };
    let counts = [
        ("SELECT count(*) FROM joins", 5),
        (
            "SELECT count(*) FROM joins WHERE status = 'rejected' AND rejected_by = '00000000-0000-4000-8000-000000000009' AND rejected_reason = 'kicked'",
            1,
        ),
        (
            "SELECT count(*) FROM event_capacity WHERE state = 'open' AND capacity = 1 AND active_count = 1 AND waitlist_count = 1",
            1,
        ),
        (
            "SELECT count(*) FROM event_capacity WHERE state = 'canceled' AND capacity = -1",
            1,
        ),
        ("SELECT count(*) FROM event_bans WHERE reason = 'loud'", 1),
        (
            "SELECT count(*) FROM idempotency_keys WHERE key_hash = sha256('a key') AND answer = 'waitlisted'",
            1,
        ),
        ("SELECT count(*) FROM idempotency_keys", 1),
        (
            "SELECT count(*) FROM outbox WHERE state = 0 AND message_key = '00000000-0000-4000-8000-000000000012'",
            2,
        ),
        (
            "SELECT count(*) FROM outbox WHERE state = 3 AND topic = 'join.kicked'",
            1,
        ),
        (
            "SELECT count(*) FROM inbox WHERE consumer = 'city-events.join'",
            2,
        ),
    ];
    service.adopts(&counts).await;
}
