use seaworthy_data::{Database, DatabaseConfig, Migrator, sql};
use seaworthy_testkit::database::EmptyDatabase;

use super::dead_letter::{Page, retry_all, retry_page};
use crate::MIGRATIONS;

async fn open(empty: &EmptyDatabase, max_rows: u32) -> Database {
    let mut config = DatabaseConfig::from_url(empty.url().parse().unwrap());
    config.max_rows = max_rows.try_into().unwrap();
    let database = Database::builder("test", config).open().await.unwrap();
    let migrator = Migrator::new(&database, &[MIGRATIONS]);
    migrator.up(false).await.unwrap();
    database
}

/// Stores dead letters in two partitions in turn.
async fn store_dead_letters(database: &Database, count: i32) {
    for number in 0..count {
        sql("INSERT INTO outbox (id, topic, partition_id, event_type, headers, payload, state, attempts, created_us)
                VALUES (?, 'test', ?, 'test', '[]', ?, 3, 10, {now_us})")
            .bind(number.to_string())
            .bind(number % 2)
            .bind(Vec::new())
            .execute(database)
            .await
            .unwrap();
    }
}

async fn dead_letters(database: &Database) -> i64 {
    let (count,) = sql("SELECT COUNT(*) FROM outbox WHERE state = 3")
        .fetch_one(database)
        .await
        .unwrap();
    count
}

async fn retries_dead_letters_in_pages(empty: Option<EmptyDatabase>) {
    let Some(empty) = empty else { return };
    // A query returns five rows at most, so one query for all dead letters fails.
    let database = open(&empty, 5).await;
    store_dead_letters(&database, 24).await;
    let page = retry_page(&database, 0, 0, 5).await.unwrap().unwrap();
    assert_eq!(
        page,
        Page {
            rows: 5,
            last: page.last
        }
    );
    assert_eq!(dead_letters(&database).await, 19);
    assert_eq!(retry_all(&database).await.unwrap(), 19);
    assert_eq!(dead_letters(&database).await, 0);
    let pending = sql("SELECT COUNT(*) FROM outbox WHERE state = 0 AND attempts = 0");
    let (pending,): (i64,) = pending.fetch_one(&database).await.unwrap();
    assert_eq!((pending, retry_all(&database).await.unwrap()), (24, 0));
}

#[tokio::test]
async fn retries_dead_letters_in_pages_on_sqlite_msg_4() {
    retries_dead_letters_in_pages(EmptyDatabase::sqlite()).await;
}

#[tokio::test]
async fn retries_dead_letters_in_pages_on_postgres_msg_4() {
    retries_dead_letters_in_pages(EmptyDatabase::postgres()).await;
}

#[tokio::test]
async fn retries_dead_letters_in_pages_on_mariadb_msg_4() {
    retries_dead_letters_in_pages(EmptyDatabase::mariadb()).await;
}
