use std::net::SocketAddr;

use seaworthy_data::{Connection as _, Database, DatabaseConfig, DatabaseUrl, Engine, sql};
use seaworthy_testkit::database::EmptyDatabase;

/// An empty database of one test.
pub(crate) struct TestDatabase {
    url: DatabaseUrl,
    empty: EmptyDatabase,
}

pub(crate) async fn test_database(empty: EmptyDatabase) -> TestDatabase {
    TestDatabase {
        url: empty.url().parse().unwrap(),
        empty,
    }
}

impl TestDatabase {
    pub(crate) fn config(&self) -> DatabaseConfig {
        let mut config = DatabaseConfig::from_url(self.url.clone());
        config.transaction_pooling = self.empty.is_pooled();
        config
    }

    /// Returns the URL with the password.
    pub(crate) fn text(&self) -> &str {
        self.empty.url()
    }

    pub(crate) fn server(&self) -> Option<SocketAddr> {
        self.empty.server()
    }

    /// Returns the settings by another way to the server.
    pub(crate) fn config_at(&self, address: SocketAddr) -> DatabaseConfig {
        DatabaseConfig {
            url: self.empty.url_at(address).parse().unwrap(),
            ..self.config()
        }
    }

    pub(crate) async fn open(&self) -> Database {
        self.open_with(self.config()).await
    }

    pub(crate) async fn open_with(&self, config: DatabaseConfig) -> Database {
        let database = Database::builder("test", config).open().await.unwrap();
        tables(&database).await;
        database
    }
}

async fn tables(database: &Database) {
    sql("CREATE TABLE IF NOT EXISTS projects (id BIGINT PRIMARY KEY)")
        .execute(database)
        .await
        .unwrap();
    sql("CREATE TABLE IF NOT EXISTS symbols (id BIGINT NOT NULL PRIMARY KEY, project_id BIGINT, label VARCHAR(100) NOT NULL, places BIGINT, \
         CONSTRAINT symbols_label_key UNIQUE (label), \
         CONSTRAINT symbols_project_fkey FOREIGN KEY (project_id) REFERENCES projects (id), \
         CONSTRAINT symbols_places_check CHECK (places >= 0))")
        .on_postgres("CREATE TABLE IF NOT EXISTS symbols (id BIGINT NOT NULL PRIMARY KEY, project_id BIGINT, label VARCHAR(100) COLLATE \"C\" NOT NULL, places BIGINT, \
         CONSTRAINT symbols_label_key UNIQUE (label), \
         CONSTRAINT symbols_project_fkey FOREIGN KEY (project_id) REFERENCES projects (id), \
         CONSTRAINT symbols_places_check CHECK (places >= 0))")
        .on_mysql("CREATE TABLE IF NOT EXISTS symbols (id BIGINT NOT NULL PRIMARY KEY, project_id BIGINT, label VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, places BIGINT, \
         CONSTRAINT symbols_label_key UNIQUE (label), \
         CONSTRAINT symbols_project_fkey FOREIGN KEY (project_id) REFERENCES projects (id), \
         CONSTRAINT symbols_places_check CHECK (places >= 0))")
        .execute(database)
        .await
        .unwrap();
}

pub(crate) async fn add(connection: &dyn seaworthy_data::Connection, id: i64) {
    sql("INSERT INTO symbols (id, label) VALUES (?, ?)")
        .bind(id)
        .bind(format!("label {id}"))
        .execute(connection)
        .await
        .unwrap();
}

pub(crate) async fn ids(database: &Database) -> Vec<i64> {
    let rows: Vec<(i64,)> = sql("SELECT id FROM symbols ORDER BY id")
        .fetch_all(database)
        .await
        .unwrap();
    rows.into_iter().map(|(id,)| id).collect()
}

/// Executes a statement that takes longer than any timeout of a test.
pub(crate) async fn work_for_long(
    connection: &dyn seaworthy_data::Connection,
) -> Result<(), seaworthy_data::DataError> {
    let text = match connection.engine() {
        Engine::Postgres => sql("SELECT 1 FROM (SELECT pg_sleep(30)) AS slept"),
        Engine::MySql => sql(
            "SELECT count(*) FROM seq_1_to_10000000 a, seq_1_to_100000 b WHERE a.seq % 7 = b.seq % 5",
        ),
        Engine::Sqlite => sql(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000000000) SELECT count(*) FROM n",
        ),
    };
    text.fetch_all::<(i64,)>(connection).await.map(drop)
}

/// Returns the number of connections that do the work of [`work_for_long`]. SQLite has no
/// server.
pub(crate) async fn long_work(database: &Database) -> i64 {
    let text = match database.engine() {
        Engine::Postgres => sql(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE '%pg_sleep(30)%' AND pid <> pg_backend_pid()",
        ),
        Engine::MySql => sql(
            "SELECT count(*) FROM information_schema.processlist WHERE db = database() AND info LIKE '%seq_1_to_10000000%' AND id <> connection_id()",
        ),
        Engine::Sqlite => return 0,
    };
    let (count,): (i64,) = text.fetch_one(database).await.unwrap();
    count
}

pub(crate) fn is_postgres(database: &Database) -> bool {
    database.engine() == Engine::Postgres
}
