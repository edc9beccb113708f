use seaworthy_account::MIGRATIONS;
use seaworthy_data::{Database, DatabaseConfig, Migrator, sql};
use seaworthy_testkit::{mariadb::MariadbServer, postgres::PostgresServer, server::Shared};
use tempfile::TempDir;

static POSTGRES: Shared<PostgresServer> = Shared::new("SEAWORTHY_TEST_POSTGRES", |programs| {
    PostgresServer::start(programs)
});
static MARIADB: Shared<MariadbServer> = Shared::new("SEAWORTHY_TEST_MARIADB", |program| {
    MariadbServer::start(program)
});

/// A database with the tables of accounts.
pub(crate) struct Place {
    pub(crate) database: Database,
    _folder: Option<TempDir>,
}

pub(crate) async fn sqlite() -> Option<Place> {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}", folder.path().join("account.db").display());
    Some(Place {
        database: migrated(&url).await,
        _folder: Some(folder),
    })
}

pub(crate) async fn postgres() -> Option<Place> {
    let url = POSTGRES.get()?.database("account").unwrap();
    Some(Place {
        database: migrated(&url).await,
        _folder: None,
    })
}

pub(crate) async fn mariadb() -> Option<Place> {
    let url = MARIADB.get()?.database("account").unwrap();
    Some(Place {
        database: migrated(&url).await,
        _folder: None,
    })
}

async fn migrated(url: &str) -> Database {
    let config = DatabaseConfig::at(url.parse().unwrap());
    let database = Database::builder("test", config).open().await.unwrap();
    let migrator = Migrator::new(&database, &[MIGRATIONS]);
    migrator.up(false).await.unwrap();
    database
}

impl Place {
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
