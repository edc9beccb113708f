use seaworthy_data::{
    Connection as _, DataErrorKind, Database, Engine, Migration, MigrationSet, MigrationState,
    Migrator, sql,
};

use crate::test_database::TestDatabase;

const FIRST: Migration = Migration::new(
    1,
    "shelves",
    "CREATE TABLE shelves (id {identity})",
    FIRST_DOWN,
);
const SECOND: Migration = Migration::new(
    2,
    "books",
    "CREATE TABLE books (id {identity}, shelf_id {bigint} NOT NULL REFERENCES shelves (id));
    -- on postgres, sqlite:
    CREATE INDEX books_shelf_idx ON books (shelf_id) WHERE shelf_id > 0;
    -- end
    -- on mysql:
    CREATE INDEX books_shelf_idx ON books (shelf_id);
    -- end",
    "DROP TABLE books;",
);

const fn first() -> Migration {
    Migration::new(
        1,
        "shelves",
        "CREATE TABLE shelves (id {identity}, name {string} NOT NULL UNIQUE, note {text}, place {uuid}, raw {bytes}, document {json}, made_at {timestamp} NOT NULL DEFAULT {now}, open {boolean} NOT NULL, weight {float}); -- first
        INSERT INTO shelves (name, open) VALUES ('a;b -- ''c''', TRUE);
        -- the end",
        FIRST_DOWN,
    )
}
const FIRST_DOWN: &str = "DROP TABLE shelves";
const ONE: &[MigrationSet] = &[MigrationSet::for_service(&[first()])];
const TWO: &[MigrationSet] = &[
    MigrationSet::for_service(&[first(), SECOND]),
    MigrationSet::for_part(
        "outbox",
        &[Migration::new(
            1,
            "outbox",
            "CREATE TABLE outbox (id {identity})",
            "DROP TABLE outbox",
        )],
    ),
];
const CHANGED: &[MigrationSet] = &[MigrationSet::for_service(&[FIRST, SECOND])];
const BROKEN: &[MigrationSet] = &[MigrationSet::for_service(&[
    first(),
    Migration::new(
        2,
        "broken",
        "CREATE TABLE half (id {identity}); CREATE TABLE half (id {identity});",
        "DROP TABLE half",
    ),
])];

async fn states(database: &Database, sets: &[MigrationSet]) -> Vec<(u32, MigrationState)> {
    let all = Migrator::new(database, sets).status().await.unwrap();
    all.iter().map(|one| (one.version, one.state)).collect()
}

pub(crate) async fn migrations_apply_undo_and_verify_data_2(test_database: TestDatabase) {
    let database = test_database.open().await;
    let two = Migrator::new(&database, TWO);
    assert_eq!(
        states(&database, TWO).await,
        [
            (1, MigrationState::Pending),
            (2, MigrationState::Pending),
            (1, MigrationState::Pending)
        ]
    );
    assert_eq!(
        two.verify().await.unwrap_err().kind(),
        DataErrorKind::Migration
    );
    let planned = two.up(true).await.unwrap();
    assert_eq!(planned.len(), 3);
    assert!(planned[0].statements[0].starts_with("CREATE TABLE shelves"));
    assert_eq!(states(&database, ONE).await, [(1, MigrationState::Pending)]);
    assert_eq!(two.up(false).await.unwrap(), planned);
    assert_eq!(two.up(false).await.unwrap(), []);
    two.verify().await.unwrap();
    let names: Vec<(String, bool)> = sql("SELECT name, open FROM shelves WHERE made_at > ?")
        .bind(chrono_minute_ago())
        .fetch_all(&database)
        .await
        .unwrap();
    assert_eq!(names, [("a;b -- 'c'".to_owned(), true)]);
    // An older program does not contain the migrations of a newer one.
    let error = Migrator::new(&database, ONE).verify().await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("2 books is applied, and the program does not contain it"),
        "{error}"
    );
    let changed = Migrator::new(&database, CHANGED)
        .up(false)
        .await
        .unwrap_err();
    assert!(
        changed.to_string().contains("1 shelves was changed"),
        "{changed}"
    );
    assert_eq!(two.down(1, true).await.unwrap()[0].name, "books");
    assert_eq!(two.down(1, false).await.unwrap()[0].name, "books");
    assert!(
        sql("SELECT id FROM books")
            .execute(&database)
            .await
            .is_err()
    );
    Migrator::new(&database, ONE).verify().await.unwrap();
}

fn chrono_minute_ago() -> seaworthy_data::chrono::DateTime<seaworthy_data::chrono::Utc> {
    seaworthy_data::chrono::Utc::now() - std::time::Duration::from_secs(60)
}

pub(crate) async fn failed_migration_is_rolled_back_or_unfinished_data_2(
    test_database: TestDatabase,
) {
    let database = test_database.open().await;
    let broken = Migrator::new(&database, BROKEN);
    let error = broken.up(false).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("migration 2 (broken), statement 2"),
        "{error}"
    );
    let expected = if database.engine() == Engine::MySql {
        MigrationState::Unfinished
    } else {
        MigrationState::Pending
    };
    assert_eq!(
        states(&database, BROKEN).await,
        [(1, MigrationState::Applied), (2, expected)]
    );
    if database.engine() == Engine::MySql {
        assert!(broken.up(false).await.is_err(), "it has to be looked at");
    } else {
        assert!(sql("SELECT id FROM half").execute(&database).await.is_err());
    }
    // The failed migration left no lock.
    Migrator::new(&database, ONE).status().await.unwrap();
}

pub(crate) async fn concurrent_processes_apply_each_migration_once_data_2(
    test_database: TestDatabase,
) {
    let mut tasks = Vec::new();
    // To the database, each is a separate process.
    for _ in 0..4 {
        let database = test_database.open().await;
        tasks.push(tokio::spawn(async move {
            Migrator::new(&database, TWO).up(false).await.unwrap().len()
        }));
    }
    let mut applied = 0;
    for task in tasks {
        applied += task.await.unwrap();
    }
    assert_eq!(applied, 3);
    let database = test_database.open().await;
    Migrator::new(&database, TWO).verify().await.unwrap();
}
