//! Adoption of a database that a legacy service made.

use seaworthy_data::{
    Adoption, AdoptionCheck, Connection as _, DataErrorKind, Database, Engine, LegacyTable,
    Migration, MigrationSet, Migrator, sql,
};
use seaworthy_testkit::cancellation::{DropPoint, drop_at};

use crate::test_database::TestDatabase;

const AUTHORS: &[&str] = &["id bigint not null", "name varchar(300)"];
const AUTHORS_OF_POSTGRES: &[&str] = &["id bigint not null", "name character varying(300)"];
const WORKS: &[&str] = &["id bigint not null", "author_id bigint not null"];
const TABLES: &[LegacyTable] = &[
    LegacyTable::new("authors", AUTHORS),
    LegacyTable::new("works", WORKS),
];
const TABLES_OF_POSTGRES: &[LegacyTable] = &[
    LegacyTable::new("authors", AUTHORS_OF_POSTGRES),
    LegacyTable::new("works", WORKS),
];
const CHECKS: &[AdoptionCheck] = &[
    AdoptionCheck::new(
        "authors.name is longer than 255 characters",
        "SELECT id FROM {legacy}authors WHERE char_length(name) > 255",
    ),
    AdoptionCheck::new(
        "authors.name is missing",
        "SELECT id FROM {legacy}authors WHERE name IS NULL",
    ),
];
const CHECKS_OF_SQLITE: &[AdoptionCheck] = &[
    AdoptionCheck::new(
        "authors.name is longer than 255 characters",
        "SELECT id FROM {legacy}authors WHERE length(name) > 255",
    ),
    AdoptionCheck::new(
        "authors.name is missing",
        "SELECT id FROM {legacy}authors WHERE name IS NULL",
    ),
];
const COPY: &str = "INSERT INTO authors (id, name) SELECT id, name FROM {legacy}authors;
    INSERT INTO books (id, author_id) SELECT id, author_id FROM {legacy}works;";
const VERIFICATIONS: &[AdoptionCheck] = &[AdoptionCheck::new(
    "books are missing",
    "SELECT id FROM {legacy}works w WHERE NOT EXISTS (SELECT 1 FROM books b WHERE b.id = w.id)",
)];

const fn adoption(engine: Engine, statements: &'static str) -> Adoption {
    let adoption = Adoption::new("the legacy library", engine)
        .with_statements(statements)
        .with_verifications(VERIFICATIONS);
    match engine {
        Engine::Postgres => adoption.with_tables(TABLES_OF_POSTGRES).with_checks(CHECKS),
        Engine::MySql => adoption.with_tables(TABLES).with_checks(CHECKS),
        Engine::Sqlite => adoption.with_tables(TABLES).with_checks(CHECKS_OF_SQLITE),
    }
}

const MIGRATIONS: &[Migration] = &[
    Migration::new(
        1,
        "authors",
        "CREATE TABLE authors (id {bigint} NOT NULL PRIMARY KEY, name {string} NOT NULL)",
        "DROP TABLE authors",
    ),
    Migration::new(
        2,
        "books",
        "-- The foreign key has the name that the legacy service uses on another table.
        CREATE TABLE books (id {bigint} NOT NULL PRIMARY KEY, author_id {bigint} NOT NULL,
            FOREIGN KEY (author_id) REFERENCES authors (id));
        CREATE INDEX books_author ON books (author_id)",
        "DROP TABLE books",
    ),
];
const PART: MigrationSet = MigrationSet::for_part(
    "part",
    &[Migration::new(
        1,
        "part",
        "CREATE TABLE part (id {identity})",
        "DROP TABLE part",
    )],
);

macro_rules! sets {
    ($engine:expr, $statements:expr) => {{
        const LEGACY: Adoption = adoption($engine, $statements);
        const SETS: &[MigrationSet] = &[
            MigrationSet::for_service(MIGRATIONS).with_adoption(&LEGACY),
            PART,
        ];
        SETS
    }};
}

fn sets(engine: Engine) -> &'static [MigrationSet] {
    match engine {
        Engine::Postgres => sets!(Engine::Postgres, COPY),
        Engine::MySql => sets!(Engine::MySql, COPY),
        Engine::Sqlite => sets!(Engine::Sqlite, COPY),
    }
}

/// The sets of a program whose second statement fails.
fn broken_sets(engine: Engine) -> &'static [MigrationSet] {
    const BROKEN: &str = "INSERT INTO authors (id, name) SELECT id, name FROM {legacy}authors;
        INSERT INTO books (id, author_id) SELECT id, author_id + 100 FROM {legacy}works;";
    match engine {
        Engine::Postgres => sets!(Engine::Postgres, BROKEN),
        Engine::MySql => sets!(Engine::MySql, BROKEN),
        Engine::Sqlite => sets!(Engine::Sqlite, BROKEN),
    }
}

/// The sets of a program that forgets a table.
fn forgetful_sets(engine: Engine) -> &'static [MigrationSet] {
    const PART_OF_IT: &str = "INSERT INTO authors (id, name) SELECT id, name FROM {legacy}authors";
    match engine {
        Engine::Postgres => sets!(Engine::Postgres, PART_OF_IT),
        Engine::MySql => sets!(Engine::MySql, PART_OF_IT),
        Engine::Sqlite => sets!(Engine::Sqlite, PART_OF_IT),
    }
}

/// Makes the tables of the legacy service, as that service does.
async fn legacy(test_database: &TestDatabase) -> Database {
    let database = test_database.open().await;
    for text in [
        sql("CREATE TABLE authors (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(300))"),
        sql(
            "CREATE TABLE works (id BIGINT NOT NULL PRIMARY KEY, author_id BIGINT NOT NULL,
            CONSTRAINT works_author FOREIGN KEY (author_id) REFERENCES authors (id))",
        ),
        sql("INSERT INTO authors (id, name) VALUES (1, 'Ada'), (2, 'Grace')"),
        sql("INSERT INTO works (id, author_id) VALUES (10, 1), (11, 2), (12, 1)"),
    ] {
        text.execute(&database).await.unwrap();
    }
    database
}

async fn count(database: &Database, text: &'static str) -> i64 {
    let (count,): (i64,) = sql(text).fetch_one(database).await.unwrap();
    count
}

/// Returns all tables of the database, with those that an adoption moves.
async fn tables(database: &Database) -> Vec<String> {
    let rows: Vec<(String,)> = sql("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name")
        .on_postgres("SELECT table_schema || '.' || table_name AS name FROM information_schema.tables WHERE table_schema IN ('public', 'legacy') ORDER BY name")
        .on_mysql("SELECT CAST(table_name AS CHAR) AS name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY name")
        .fetch_all(database)
        .await
        .unwrap();
    rows.into_iter().map(|(name,)| name).collect()
}

pub(crate) async fn adoption_keeps_rows_and_can_be_undone_data_2(test_database: TestDatabase) {
    let database = legacy(&test_database).await;
    let before = tables(&database).await;
    let migrator = Migrator::new(&database, sets(database.engine()));
    let planned = migrator.adopt(true).await.unwrap();
    assert_eq!(tables(&database).await, before);
    let adopted = migrator.adopt(false).await.unwrap();
    assert_eq!(adopted, planned);
    let rows: Vec<i64> = adopted.tables.iter().map(|table| table.rows).collect();
    assert_eq!((rows, adopted.migrations.len()), (vec![2, 3], 3));
    migrator.verify().await.unwrap();
    assert!(migrator.up(false).await.unwrap().is_empty());
    assert_eq!(count(&database, "SELECT count(*) FROM books").await, 3);
    let again = migrator.adopt(false).await.unwrap_err();
    assert!(again.to_string().contains("already"), "{again}");
    assert_eq!(count(&database, "SELECT count(*) FROM books").await, 3);
    migrator.undo_adoption().await.unwrap();
    assert_eq!(tables(&database).await, before);
    assert_eq!(count(&database, "SELECT count(*) FROM works").await, 3);
    let undone = migrator.undo_adoption().await.unwrap_err();
    assert!(undone.to_string().contains("not adopted"), "{undone}");
    migrator.adopt(false).await.unwrap();
    migrator.verify().await.unwrap();
}

pub(crate) async fn legacy_database_is_rejected_and_unchanged_data_2(test_database: TestDatabase) {
    let database = legacy(&test_database).await;
    let before = tables(&database).await;
    let migrator = Migrator::new(&database, sets(database.engine()));
    for error in [
        migrator.verify().await.unwrap_err(),
        migrator.up(false).await.unwrap_err(),
        migrator.up(true).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), DataErrorKind::Migration);
        assert!(error.to_string().contains("`migrate adopt`"), "{error}");
        assert!(error.to_string().contains("the legacy library"), "{error}");
    }
    // A program without an adoption names the tables.
    let other = [MigrationSet::for_service(MIGRATIONS), PART];
    let error = Migrator::new(&database, &other)
        .up(false)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("authors"), "{error}");
    let error = Migrator::new(&database, &other)
        .adopt(false)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("declares no adoption"),
        "{error}"
    );
    assert_eq!(tables(&database).await, before);
}

pub(crate) async fn other_column_is_reported_and_unchanged_data_2(test_database: TestDatabase) {
    let database = legacy(&test_database).await;
    sql("ALTER TABLE works ADD COLUMN title VARCHAR(20)")
        .execute(&database)
        .await
        .unwrap();
    let before = tables(&database).await;
    let migrator = Migrator::new(&database, sets(database.engine()));
    let error = migrator.adopt(false).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the column works.title is unknown"),
        "{error}"
    );
    assert_eq!(tables(&database).await, before);
    if database.engine() != Engine::Sqlite {
        sql("ALTER TABLE works DROP COLUMN title")
            .execute(&database)
            .await
            .unwrap();
        sql("ALTER TABLE authors ALTER COLUMN name TYPE text")
            .on_mysql("ALTER TABLE authors MODIFY name text")
            .execute(&database)
            .await
            .unwrap();
        let error = migrator.adopt(false).await.unwrap_err();
        assert!(
            error.to_string().contains("authors.name is \"text\""),
            "{error}"
        );
    }
    sql("DROP TABLE works").execute(&database).await.unwrap();
    let error = migrator.adopt(false).await.unwrap_err();
    assert!(error.to_string().contains("works is missing"), "{error}");
}

pub(crate) async fn all_unconvertible_rows_are_reported_data_2(test_database: TestDatabase) {
    let database = legacy(&test_database).await;
    sql("INSERT INTO authors (id, name) VALUES (3, NULL), (4, ?), (5, NULL)")
        .bind("x".repeat(256))
        .execute(&database)
        .await
        .unwrap();
    let before = tables(&database).await;
    let migrator = Migrator::new(&database, sets(database.engine()));
    for dry_run in [true, false] {
        let error = migrator.adopt(dry_run).await.unwrap_err().to_string();
        assert!(error.contains("255 characters in 1 rows: 4"), "{error}");
        assert!(error.contains("missing in 2 rows: 3, 5"), "{error}");
        assert!(error.contains("nothing was changed"), "{error}");
    }
    assert_eq!(tables(&database).await, before);
    sql("DELETE FROM authors WHERE id > 2")
        .execute(&database)
        .await
        .unwrap();
    migrator.adopt(false).await.unwrap();
}

pub(crate) async fn failed_adoption_changes_nothing_data_2(test_database: TestDatabase) {
    let database = legacy(&test_database).await;
    let before = tables(&database).await;
    let broken = Migrator::new(&database, broken_sets(database.engine()));
    let error = broken.adopt(false).await.unwrap_err();
    assert!(error.to_string().contains("statement 2"), "{error}");
    assert_eq!(tables(&database).await, before);
    let forgetful = Migrator::new(&database, forgetful_sets(database.engine()));
    let error = forgetful.adopt(false).await.unwrap_err();
    assert!(error.to_string().contains("10, 11, 12"), "{error}");
    assert_eq!(tables(&database).await, before);
    assert_eq!(count(&database, "SELECT count(*) FROM works").await, 3);
    let migrator = Migrator::new(&database, sets(database.engine()));
    migrator.adopt(false).await.unwrap();
}

pub(crate) async fn interrupted_adoption_is_whole_or_undone_data_2(test_database: TestDatabase) {
    let database = legacy(&test_database).await;
    let before = tables(&database).await;
    let migrator = Migrator::new(&database, sets(database.engine()));
    // A lost connection to PostgreSQL keeps its locks for a short time, so the test skips awaits.
    let step = match database.engine() {
        Engine::Postgres => 9,
        Engine::MySql | Engine::Sqlite => 1,
    };
    for number in (1..).step_by(step) {
        let Some(adopted) = drop_at(DropPoint::Woken, number, migrator.adopt(false)).await else {
            // The adoption may be complete: its lock is released after the commit.
            let is_whole = database.engine() != Engine::MySql;
            if is_whole && tables(&database).await != before {
                migrator.verify().await.unwrap();
            }
            match migrator.verify().await {
                Ok(()) => migrator.undo_adoption().await.unwrap(),
                Err(error) => assert!(error.to_string().contains("`migrate adopt`"), "{error}"),
            }
            continue;
        };
        // The commit may still be running when its future is dropped.
        if let Err(error) = adopted {
            assert!(error.to_string().contains("already"), "{error}");
        }
        break;
    }
    migrator.verify().await.unwrap();
    assert_eq!(count(&database, "SELECT count(*) FROM books").await, 3);
    migrator.undo_adoption().await.unwrap();
    assert_eq!(tables(&database).await, before);
}

pub(crate) async fn table_of_other_program_survives_refusal_data_2(test_database: TestDatabase) {
    let database = legacy(&test_database).await;
    for text in [
        sql("CREATE TABLE part (note VARCHAR(20))"),
        sql("INSERT INTO part (note) VALUES ('of another program')"),
    ] {
        text.execute(&database).await.unwrap();
    }
    let before = tables(&database).await;
    let migrator = Migrator::new(&database, sets(database.engine()));
    for dry_run in [true, false] {
        let error = migrator.adopt(dry_run).await.unwrap_err().to_string();
        assert!(
            error.contains("the table part belongs to another program"),
            "{error}"
        );
        assert_eq!(tables(&database).await, before);
    }
    assert_eq!(count(&database, "SELECT count(*) FROM part").await, 1);
    assert_eq!(count(&database, "SELECT count(*) FROM works").await, 3);
}

pub(crate) async fn undo_without_whole_copy_changes_nothing_data_2(test_database: TestDatabase) {
    let database = legacy(&test_database).await;
    let migrator = Migrator::new(&database, sets(database.engine()));
    migrator.adopt(false).await.unwrap();
    for text in [
        sql("DROP TABLE legacy_works").on_postgres("DROP TABLE legacy.works"),
        sql("DROP TABLE legacy_authors").on_postgres("DROP TABLE legacy.authors"),
    ] {
        text.execute(&database).await.unwrap();
        let before = tables(&database).await;
        let error = migrator.undo_adoption().await.unwrap_err().to_string();
        assert!(error.contains("works missing"), "{error}");
        assert_eq!(tables(&database).await, before);
        migrator.verify().await.unwrap();
        assert_eq!(count(&database, "SELECT count(*) FROM books").await, 3);
    }
}

pub(crate) async fn adoption_needs_a_direct_connection_data_2(test_database: TestDatabase) {
    let database = legacy(&test_database).await;
    let migrator = Migrator::new(&database, sets(database.engine()));
    for dry_run in [true, false] {
        let error = migrator.adopt(dry_run).await.unwrap_err().to_string();
        assert!(error.contains("needs a direct connection"), "{error}");
    }
    assert_eq!(count(&database, "SELECT count(*) FROM works").await, 3);
}
