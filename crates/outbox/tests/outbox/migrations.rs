use seaworthy_data::{Database, DatabaseConfig, Migration, MigrationSet, Migrator, sql};
use seaworthy_outbox::MIGRATIONS;

use crate::fixture::TestDatabase;

/// The migrations of the version that counted attempts in the inbox.
const EARLIER: MigrationSet = MigrationSet::for_part(
    "outbox",
    &[Migration::new(
        1,
        "outbox",
        include_str!("../../migrations/0001_outbox.up.sql"),
        include_str!("../../migrations/0001_outbox.down.sql"),
    )],
);

/// The second migration with the text of an earlier version.
const FORMER: MigrationSet = MigrationSet::for_part(
    "outbox",
    &[
        Migration::new(
            1,
            "outbox",
            include_str!("../../migrations/0001_outbox.up.sql"),
            include_str!("../../migrations/0001_outbox.down.sql"),
        ),
        Migration::new(
            2,
            "inbox_without_attempts",
            "-- The subscription alone counts attempts.\nDROP TABLE inbox_attempts;\n",
            "CREATE TABLE inbox_attempts (
    consumer {string} NOT NULL,
    message_id {string} NOT NULL,
    attempts {integer} NOT NULL,
    last_error {text} NOT NULL,
    attempted_us {bigint} NOT NULL,
    PRIMARY KEY (consumer, message_id)
);

CREATE INDEX inbox_attempts_attempted ON inbox_attempts (attempted_us);
",
        ),
    ],
);

async fn connect(database: &TestDatabase) -> Database {
    let config = DatabaseConfig::from_url(database.url.parse().unwrap());
    Database::builder("test", config).open().await.unwrap()
}

/// Replicas of the earlier version run while a new one migrates the database.
pub(crate) async fn rolling_upgrade_keeps_inbox_of_earlier_version_msg_5(database: TestDatabase) {
    let database = connect(&database).await;
    Migrator::new(&database, &[EARLIER])
        .up(false)
        .await
        .unwrap();
    let count_attempt = async |message: &str| {
        sql("INSERT INTO inbox_attempts (consumer, message_id, attempts, last_error, attempted_us) VALUES ('counter', ?, 1, 'failed', {now_us})")
            .bind(message)
            .execute(&database)
            .await
            .unwrap();
    };
    count_attempt("first").await;
    let migrator = Migrator::new(&database, &[MIGRATIONS]);
    migrator.up(false).await.unwrap();
    migrator.verify().await.unwrap();
    count_attempt("second").await;
    let rows = sql("SELECT message_id FROM inbox_attempts ORDER BY message_id");
    let rows: Vec<(String,)> = rows.fetch_all(&database).await.unwrap();
    assert_eq!(rows, [("first".to_owned(),), ("second".to_owned(),)]);
}

/// The migration that renames the partitions keeps the events and claims of the earlier version.
pub(crate) async fn migration_of_partitions_keeps_events_and_claims_msg_4(database: TestDatabase) {
    let database = connect(&database).await;
    Migrator::new(&database, &[EARLIER])
        .up(false)
        .await
        .unwrap();
    sql("INSERT INTO outbox (id, topic, lane, event_type, headers, payload, created_us) VALUES ('first', 'counted', 3, 'counted', '{}', ?, 0)")
        .bind(b"{}".to_vec())
        .execute(&database)
        .await
        .unwrap();
    sql("UPDATE outbox_lane SET claim = 'relay', until_us = 7 WHERE lane = 3")
        .execute(&database)
        .await
        .unwrap();
    Migrator::new(&database, &[MIGRATIONS])
        .up(false)
        .await
        .unwrap();
    let claimed = sql(
        "SELECT o.id, p.claim FROM outbox o JOIN outbox_partitions p ON p.partition_id = o.partition_id WHERE p.until_us = 7",
    );
    let claimed: Vec<(String, String)> = claimed.fetch_all(&database).await.unwrap();
    assert_eq!(claimed, [("first".to_owned(), "relay".to_owned())]);
    let count = sql("SELECT count(*) FROM outbox_partitions");
    let count: (i64,) = count.fetch_one(&database).await.unwrap();
    assert_eq!(count, (16,));
}

/// A database whose second migration had another text is up to date.
pub(crate) async fn database_with_previous_migration_is_accepted_msg_5(database: TestDatabase) {
    let database = connect(&database).await;
    Migrator::new(&database, &[FORMER]).up(false).await.unwrap();
    let migrator = Migrator::new(&database, &[MIGRATIONS]);
    migrator.up(false).await.unwrap();
    migrator.verify().await.unwrap();
}
