//! Adoption of a database that the legacy service made, by the program.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::{
    path::Path,
    time::{Duration, Instant},
};

use city_events_contract::{create_legacy_database, list_tables};
use seaworthy::data::{Database, Migration, MigrationSet, sql};
use seaworthy_testkit::{
    database::EmptyDatabase,
    process::{Ended, ServiceProcess},
};

const LEGACY: MigrationSet = MigrationSet::of_part(
    "fixture",
    &[Migration::new(
        1,
        "legacy",
        concat!(include_str!("schema.sql"), include_str!("rows.sql")),
        "",
    )],
);
/// The time limit for any wait, on a loaded machine.
const TIMEOUT: Duration = Duration::from_secs(30);
/// A value of every secret.
const SECRET: &str = "Qm9hdHMgYXJlIHNhZmUgaW4gaGFyYm91ciwgYnV0";

fn start(url: &str, arguments: &[&str]) -> ServiceProcess {
    let settings = [
        format!("database.url={url}"),
        format!("jwt.secret={SECRET}"),
        format!("audit_log.key={SECRET}"),
        "broker.url=memory:".to_owned(),
        "server.http.addr=127.0.0.1:0".to_owned(),
        "server.grpc.addr=127.0.0.1:0".to_owned(),
        "admin.addr=127.0.0.1:0".to_owned(),
    ];
    let mut all = vec!["--profile", "test"];
    all.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    all.extend(arguments);
    let program = Path::new(env!("CARGO_BIN_EXE_city-events-event"));
    ServiceProcess::start_as_is(program, &all, &[]).unwrap()
}

fn run(url: &str, arguments: &[&str]) -> Ended {
    start(url, arguments).ended().unwrap()
}

fn succeed(url: &str, arguments: &[&str]) {
    let ended = run(url, arguments);
    assert!(ended.status.success(), "{ended:#?}");
}

async fn count(database: &Database, text: &'static str) -> i64 {
    let (count,): (i64,) = sql(text).fetch_one(database).await.unwrap();
    count
}

async fn execute(database: &Database, text: &'static str) {
    sql(text).execute(database).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn legacy_database_is_refused_unchanged_data_2() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let url = empty.url();
    let legacy = create_legacy_database(url.parse().unwrap(), LEGACY)
        .await
        .unwrap();
    let before = list_tables(&legacy).await.unwrap();
    let migrating = ["--set", "database.migrate_at_start=true", "serve"];
    for arguments in [&["serve"][..], &migrating, &["migrate", "up"]] {
        let refused = run(url, arguments);
        assert_eq!(refused.status.code(), Some(1), "{refused:#?}");
        assert!(refused.stderr.contains("`migrate adopt`"), "{refused:#?}");
    }
    execute(&legacy, "ALTER TABLE events ADD COLUMN further text").await;
    let refused = run(url, &["migrate", "adopt"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:#?}");
    assert!(
        refused.stderr.contains("events.further is unknown"),
        "{refused:#?}"
    );
    execute(&legacy, "ALTER TABLE events DROP COLUMN further").await;
    assert_eq!(list_tables(&legacy).await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn unconvertible_rows_are_all_reported_data_2() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let url = empty.url();
    let legacy = create_legacy_database(url.parse().unwrap(), LEGACY)
        .await
        .unwrap();
    let before = list_tables(&legacy).await.unwrap();
    execute(
        &legacy,
        "UPDATE events SET status = 'hidden' WHERE city = 'Paris'",
    )
    .await;
    execute(
        &legacy,
        "UPDATE event_outbox SET routing_key = 'a b' WHERE status = 'dead'",
    )
    .await;
    let refused = run(url, &["migrate", "adopt"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:#?}");
    for problem in [
        "events.status is not draft, published or canceled in 1 rows: 00000000-0000-4000-8000-000000000013",
        "event_outbox.routing_key is not a valid topic name in 1 rows: 3",
    ] {
        assert!(refused.stderr.contains(problem), "{problem}: {refused:#?}");
    }
    assert_eq!(list_tables(&legacy).await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn adopted_database_has_all_rows_data_2() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let url = empty.url();
    let legacy = create_legacy_database(url.parse().unwrap(), LEGACY)
        .await
        .unwrap();
    let before = list_tables(&legacy).await.unwrap();
    succeed(url, &["migrate", "adopt", "--dry-run"]);
    assert_eq!(list_tables(&legacy).await.unwrap(), before);
    succeed(url, &["migrate", "adopt"]);
    succeed(url, &["migrate", "verify"]);
    assert_eq!(count(&legacy, "SELECT count(*) FROM events").await, 3);
    assert_eq!(
        count(
            &legacy,
            "SELECT count(*) FROM events WHERE search_vector @@ to_tsquery('simple', 'zither') AND active_participants = 2"
        )
        .await,
        1
    );
    assert_eq!(
        count(&legacy, "SELECT count(*) FROM outbox WHERE state = 0").await,
        3
    );
    assert_eq!(
        count(
            &legacy,
            "SELECT count(*) FROM outbox WHERE state = 3 AND message_key IS NULL AND last_error = 'no route'"
        )
        .await,
        1
    );
    assert_eq!(
        count(
            &legacy,
            "SELECT count(*) FROM outbox o JOIN outbox p ON p.sequence > o.sequence AND p.lane = o.lane WHERE o.topic = 'event.published' AND p.topic = 'event.canceled'"
        )
        .await,
        1
    );
    assert_eq!(
        count(
            &legacy,
            "SELECT count(*) FROM outbox WHERE topic = 'event.updated' AND message_key = '00000000-0000-4000-8000-000000000012' AND convert_from(payload, 'UTF8')::jsonb #>> '{payload,owner_id}' = 'owner'"
        )
        .await,
        1
    );
    assert_eq!(
        run(url, &["migrate", "adopt", "--undo"]).status.code(),
        Some(2)
    );
    succeed(url, &["migrate", "adopt", "--undo", "--discard-changes"]);
    assert_eq!(list_tables(&legacy).await.unwrap(), before);
    succeed(url, &["migrate", "adopt"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn adopted_messages_are_published_data_2_msg_2() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let url = empty.url();
    let legacy = create_legacy_database(url.parse().unwrap(), LEGACY)
        .await
        .unwrap();
    succeed(url, &["migrate", "adopt"]);
    let mut service = start(url, &["--set", "log.format=json", "serve"]);
    service.line("\"message\":\"ready\"").unwrap();
    let limit = Instant::now() + TIMEOUT;
    let waiting = "SELECT count(*) FROM outbox WHERE state = 0";
    while count(&legacy, waiting).await > 0 {
        assert!(Instant::now() < limit, "the relay publishes no adopted row");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The dead letter stays until an operator replays it.
    let dead = "SELECT count(*) FROM outbox WHERE state = 3";
    assert_eq!(count(&legacy, dead).await, 1);
}
