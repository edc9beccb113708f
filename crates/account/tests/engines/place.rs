use seaworthy_account::MIGRATIONS;
use seaworthy_data::{Database, DatabaseConfig, Migrator, sql};
use seaworthy_testkit::database::EmptyDatabase;

/// A database with the tables of accounts.
pub(crate) struct Place {
    pub(crate) database: Database,
    empty: EmptyDatabase,
}

/// Makes the tables.
pub(crate) async fn open(empty: EmptyDatabase) -> Place {
    let config = DatabaseConfig::at(empty.url().parse().unwrap());
    let database = Database::builder("test", config).open().await.unwrap();
    let migrator = Migrator::new(&database, &[MIGRATIONS]);
    migrator.up(false).await.unwrap();
    Place { database, empty }
}

impl Place {
    /// Where the database is.
    pub(crate) fn url(&self) -> &str {
        self.empty.url()
    }

    /// Waits until the database's clock has moved on: that of SQLite ticks in milliseconds.
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
