//! Backups of a database during writes, and their restore (DATA-6).

use std::{path::Path, process::Command};

use seaworthy_data::{Database, DatabaseConfig, Migration, MigrationSet, Migrator, sql};
use seaworthy_testkit::{database::EmptyDatabase, postgres::PostgresServer, requirement::required};

const MIGRATIONS: &[MigrationSet] = &[MigrationSet::for_service(&[Migration::new(
    1,
    "notes",
    "CREATE TABLE notes (id {identity}, words {text} NOT NULL, raw {bytes} NOT NULL, at {timestamp} NOT NULL DEFAULT {now})",
    "DROP TABLE notes",
)])];
const WORDS: &str = "it's \"quoted\" \\ ü 🦀\n";

fn script(name: &str, arguments: &[&str]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../scripts")
        .join(name);
    let ended = Command::new(path).args(arguments).output().unwrap();
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
}

async fn open(url: &str) -> Database {
    let config = DatabaseConfig::from_url(url.parse().unwrap());
    Database::builder("test", config).open().await.unwrap()
}

async fn round(from: &str, to: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup");
    let file = file.to_str().unwrap();
    let database = open(from).await;
    Migrator::new(&database, MIGRATIONS)
        .up(false)
        .await
        .unwrap();
    for number in 0..100_u8 {
        sql("INSERT INTO notes (words, raw) VALUES (?, ?)")
            .bind(format!("{WORDS}{number}"))
            .bind(vec![0, 255, 39, number])
            .execute(&database)
            .await
            .unwrap();
    }
    // The backup contains no open transaction.
    let open_one = database.begin().await.unwrap();
    if !from.starts_with("sqlite") {
        sql("DELETE FROM notes").execute(&open_one).await.unwrap();
    }
    script("backup", &[from, file]);
    open_one.rollback().await.unwrap();
    script("restore", &[file, to]);
    let restored = open(to).await;
    Migrator::new(&restored, MIGRATIONS).verify().await.unwrap();
    type Notes = Vec<(
        i64,
        String,
        Vec<u8>,
        seaworthy_data::chrono::DateTime<seaworthy_data::chrono::Utc>,
    )>;
    let all = "SELECT id, words, raw, at FROM notes ORDER BY id";
    let before: Notes = sql(all).fetch_all(&database).await.unwrap();
    let after: Notes = sql(all).fetch_all(&restored).await.unwrap();
    assert_eq!(after.len(), 100);
    assert_eq!(before, after);
    // The next identity is greater than the restored ones.
    sql("INSERT INTO notes (words, raw) VALUES ('next', ?)")
        .bind(vec![1_u8])
        .execute(&restored)
        .await
        .unwrap();
}

#[tokio::test]
async fn postgres_backup_restores_data_6() {
    let (Some(from), Some(to)) = (EmptyDatabase::postgres(), EmptyDatabase::postgres()) else {
        return;
    };
    round(from.url(), to.url()).await;
}

#[tokio::test]
async fn mariadb_backup_restores_data_6() {
    let (Some(from), Some(to)) = (EmptyDatabase::mariadb(), EmptyDatabase::mariadb()) else {
        return;
    };
    round(from.url(), to.url()).await;
}

#[tokio::test]
async fn sqlite_backup_restores_data_6() {
    if required("SEAWORTHY_TEST_SQLITE").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let url = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
    round(&url("from.db"), &url("new/to.db")).await;
}

/// Returns the rows and the time of the server.
async fn rows_and_time(database: &Database) -> (i64, String) {
    let all = "SELECT count(*), clock_timestamp()::text FROM notes";
    sql(all).fetch_one(database).await.unwrap()
}

#[tokio::test]
async fn postgres_restores_to_the_time_before_a_mistake_data_6() {
    let Some(programs) = required("SEAWORTHY_TEST_POSTGRES") else {
        return;
    };
    let settings = [
        "fsync=off",
        "archive_mode=on",
        "archive_command=mkdir -p ../archive && cp %p ../archive/%f",
    ];
    let mut server = PostgresServer::start_with(programs, &settings).unwrap();
    let url = server.database("notes").unwrap();
    let database = open(&url).await;
    let migrator = Migrator::new(&database, MIGRATIONS);
    migrator.up(false).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    script("base-backup", &[&url, &path("base")]);

    let write = "INSERT INTO notes (words, raw) SELECT 'a', '' FROM generate_series(1, 50)";
    sql(write).execute(&database).await.unwrap();
    let (rows, time) = rows_and_time(&database).await;
    assert_eq!(rows, 50, "these rows are newer than the backup");
    sql("DELETE FROM notes").execute(&database).await.unwrap();
    assert_eq!(rows_and_time(&database).await.0, 0);

    // A stop archives the rest of the log.
    drop(database);
    server.stop();
    let archive = server.data().join("../archive");
    let archive = archive.canonicalize().unwrap().display().to_string();
    script(
        "restore-to-time",
        &[&path("base"), &archive, &time, &path("restored")],
    );
    server
        .restart_with_data(folder.path().join("restored").as_path())
        .unwrap();
    let restored = open(&url).await;
    Migrator::new(&restored, MIGRATIONS).verify().await.unwrap();
    assert_eq!(rows_and_time(&restored).await.0, 50);
    // The server accepts writes once it has reached the time.
    let is_writable = async || sql(write).execute(&restored).await.is_ok();
    seaworthy_testkit::eventually(is_writable).await;
}
