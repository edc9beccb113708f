//! Adoption of a database that the legacy service made, by the program.

use std::time::{Duration, Instant};

/// The time limit for any wait, on a loaded machine.
const TIMEOUT: Duration = Duration::from_secs(30);

city_events_contract::adoption_tests! {
    program: env!("CARGO_BIN_EXE_city-events-event"),
    secrets: ["jwt.secret", "audit_log.key"],
    settings: ["server.grpc.addr=127.0.0.1:0"],
    add: "ALTER TABLE events ADD COLUMN further text",
    drop: "ALTER TABLE events DROP COLUMN further",
    unknown: "events.further is unknown",
    changes: [
        "UPDATE events SET status = 'hidden' WHERE city = 'Paris'",
        "UPDATE event_outbox SET routing_key = 'a b' WHERE status = 'dead'",
    ],
    problems: [
        "events.status is not draft, published or canceled in 1 rows: 00000000-0000-4000-8000-000000000013",
        "event_outbox.routing_key is not a valid topic name in 1 rows: 3",
    ],
    counts: [
        ("SELECT count(*) FROM events", 3),
        (
            "SELECT count(*) FROM events WHERE search_vector @@ to_tsquery('simple', 'zither') AND active_participants = 2",
            1,
        ),
        ("SELECT count(*) FROM outbox WHERE state = 0", 3),
        (
            "SELECT count(*) FROM outbox WHERE state = 3 AND message_key IS NULL AND last_error = 'no route'",
            1,
        ),
        (
            "SELECT count(*) FROM outbox o JOIN outbox p ON p.sequence > o.sequence AND p.partition_id = o.partition_id WHERE o.topic = 'event.published' AND p.topic = 'event.canceled'",
            1,
        ),
        (
            "SELECT count(*) FROM outbox WHERE topic = 'event.updated' AND message_key = '00000000-0000-4000-8000-000000000012' AND convert_from(payload, 'UTF8')::jsonb #>> '{payload,owner_id}' = 'owner'",
            1,
        ),
    ],
}

#[tokio::test(flavor = "multi_thread")]
async fn adopted_messages_are_published_data_2_msg_2() {
    let Some(service) = legacy().await else {
        return;
    };
    service.succeed(&["migrate", "adopt"]);
    let mut process = service.start(&["serve"]);
    process.line("\"message\":\"ready\"").unwrap();
    let limit = Instant::now() + TIMEOUT;
    let waiting = "SELECT count(*) FROM outbox WHERE state = 0";
    while service.count(waiting).await > 0 {
        assert!(Instant::now() < limit, "the relay publishes no adopted row");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The dead letter stays until an operator replays it.
    let dead = "SELECT count(*) FROM outbox WHERE state = 3";
    assert_eq!(service.count(dead).await, 1);
}
