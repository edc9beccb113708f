//! Adoption of a database that the legacy service made, by the program.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::path::Path;

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
/// A value of every secret.
const SECRET: &str = "Qm9hdHMgYXJlIHNhZmUgaW4gaGFyYm91ciwgYnV0";

fn run(url: &str, arguments: &[&str]) -> Ended {
    let settings = [
        format!("database.url={url}"),
        format!("jwt.secret={SECRET}"),
        "broker.url=memory:".to_owned(),
        "server.http.addr=127.0.0.1:0".to_owned(),
        "admin.addr=127.0.0.1:0".to_owned(),
    ];
    let mut all = vec!["--profile", "test"];
    all.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    all.extend(arguments);
    let program = Path::new(env!("CARGO_BIN_EXE_city-events-feed"));
    let process = ServiceProcess::start_as_is(program, &all, &[]);
    process.unwrap().ended().unwrap()
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
    execute(&legacy, "ALTER TABLE event_index ADD COLUMN further text").await;
    let refused = run(url, &["migrate", "adopt"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:#?}");
    assert!(
        refused.stderr.contains("event_index.further is unknown"),
        "{refused:#?}"
    );
    execute(&legacy, "ALTER TABLE event_index DROP COLUMN further").await;
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
    execute(&legacy, "UPDATE event_index SET city = repeat('x', 256)").await;
    execute(
        &legacy,
        "UPDATE user_events SET actor_key = repeat('x', 256) WHERE event_type = 'view'",
    )
    .await;
    let refused = run(url, &["migrate", "adopt"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:#?}");
    for problem in [
        "event_index.city is longer than 255 characters in 2 rows: 00000000-0000-4000-8000-000000000012, 00000000-0000-4000-8000-000000000013",
        "user_events.actor_key is longer than 255 characters in 1 rows",
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
    assert_eq!(count(&legacy, "SELECT count(*) FROM feed_events").await, 2);
    assert_eq!(
        count(
            &legacy,
            "SELECT count(*) FROM feed_events WHERE category = 'music' AND cover_image_ids::jsonb = '[\"a\", \"b\"]'"
        )
        .await,
        1
    );
    assert_eq!(count(&legacy, "SELECT count(*) FROM feed_actions").await, 3);
    assert_eq!(
        count(
            &legacy,
            "SELECT count(*) FROM feed_joins WHERE kind = 'join'"
        )
        .await,
        1
    );
    assert_eq!(
        count(
            &legacy,
            "SELECT points FROM feed_scores WHERE event_id = '00000000-0000-4000-8000-000000000012' AND is_listed"
        )
        .await,
        14
    );
    assert_eq!(
        run(url, &["migrate", "adopt", "--undo"]).status.code(),
        Some(2)
    );
    succeed(url, &["migrate", "adopt", "--undo", "--discard-changes"]);
    assert_eq!(list_tables(&legacy).await.unwrap(), before);
    succeed(url, &["migrate", "adopt"]);
}
