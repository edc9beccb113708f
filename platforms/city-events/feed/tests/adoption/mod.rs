//! Adoption of a database that the legacy service made, by the program.

city_events_contract::adoption_tests! {
    program: env!("CARGO_BIN_EXE_city-events-feed"),
    secrets: ["jwt.secret"],
    settings: [],
    add: "ALTER TABLE event_index ADD COLUMN further text",
    drop: "ALTER TABLE event_index DROP COLUMN further",
    unknown: "event_index.further is unknown",
    changes: [
        "UPDATE event_index SET city = repeat('x', 256)",
        "UPDATE user_events SET actor_key = repeat('x', 256) WHERE event_type = 'view'",
    ],
    problems: [
        "event_index.city is longer than 255 characters in 2 rows: 00000000-0000-4000-8000-000000000012, 00000000-0000-4000-8000-000000000013",
        "user_events.actor_key is longer than 255 characters in 1 rows",
    ],
    counts: [
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
    ],
}
