//! Adoption of a database that the legacy service made, by the program.

city_events_contract::adoption_tests! {
    program: env!("CARGO_BIN_EXE_city-events-join"),
    secrets: ["jwt.secret", "audit_log.key"],
    settings: [],
    add: "ALTER TABLE joins ADD COLUMN further text",
    drop: "ALTER TABLE joins DROP COLUMN further",
    unknown: "joins.further is unknown",
    changes: [
        "DELETE FROM event_capacity WHERE capacity = 1",
        "UPDATE outbox SET routing_key = '' WHERE trace_id = 't1'",
    ],
    problems: [
        "joins.event_id has no row in event_capacity in 3 rows",
        "outbox.routing_key is not a valid topic name in 1 rows",
    ],
    counts: [
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
    ],
}
