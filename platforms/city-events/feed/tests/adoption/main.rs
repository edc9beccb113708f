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
    let secrets = ["jwt.secret"];
    let program = env!("CARGO_BIN_EXE_city-events-feed");
    LegacyService::create(program, LEGACY, &secrets).await
}

#[tokio::test(flavor = "multi_thread")]
async fn legacy_database_is_refused_unchanged_data_2() {
    let Some(service) = legacy().await else {
        return;
    };
    service
        .refuses_unadopted(
            "ALTER TABLE event_index ADD COLUMN further text",
            "ALTER TABLE event_index DROP COLUMN further",
            "event_index.further is unknown",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unconvertible_rows_are_all_reported_data_2() {
    let Some(service) = legacy().await else {
        return;
    };
    let changes = [
        "UPDATE event_index SET city = repeat('x', 256)",
        "UPDATE user_events SET actor_key = repeat('x', 256) WHERE event_type = 'view'",
    ];
    let problems = [
        "event_index.city is longer than 255 characters in 2 rows: 00000000-0000-4000-8000-000000000012, 00000000-0000-4000-8000-000000000013",
        "user_events.actor_key is longer than 255 characters in 1 rows",
    ];
    service.refuses_rows(&changes, &problems).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn adopted_database_has_all_rows_data_2() {
    let Some(service) = legacy().await else {
        return;
    };
    let counts = [
        ("SELECT count(*) FROM feed_events", 2),
        (
            "SELECT count(*) FROM feed_events WHERE category = 'music' AND cover_image_ids::jsonb = '[\"a\", \"b\"]'",
            1,
        ),
        ("SELECT count(*) FROM feed_actions", 3),
        ("SELECT count(*) FROM feed_joins WHERE kind = 'join'", 1),
        (
            "SELECT points FROM feed_scores WHERE event_id = '00000000-0000-4000-8000-000000000012' AND is_listed",
            14,
        ),
    ];
    service.adopts(&counts).await;
}
