use seaworthy_account::MIGRATIONS;
use seaworthy_data::{Database, DatabaseConfig, Migrator, sql};
use seaworthy_testkit::database::EmptyDatabase;

/// A database with the tables of this crate.
pub(crate) struct TestDatabase {
    pub(crate) database: Database,
    empty: EmptyDatabase,
}

/// Creates the tables.
pub(crate) async fn open(empty: EmptyDatabase) -> TestDatabase {
    let config = DatabaseConfig::from_url(empty.url().parse().unwrap());
    let config = seaworthy_testkit::with_long_timeouts!(config);
    let database = Database::builder("test", config).open().await.unwrap();
    let migrator = Migrator::new(&database, &[MIGRATIONS]);
    migrator.up(false).await.unwrap();
    TestDatabase { database, empty }
}

impl TestDatabase {
    /// Returns the URL of the database.
    pub(crate) fn url(&self) -> &str {
        self.empty.url()
    }

    /// Waits until the clock of the database has advanced. SQLite's clock ticks in milliseconds.
    pub(crate) async fn ticks(&self) {
        let begun = self.now_us().await;
        while self.now_us().await <= begun + 1_000 {
            tokio::task::yield_now().await;
        }
    }

    async fn now_us(&self) -> i64 {
        let (now,) = sql("SELECT {now_us}")
            .fetch_one(&self.database)
            .await
            .unwrap();
        now
    }
}
