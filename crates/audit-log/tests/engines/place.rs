use seaworthy_audit_log::{AuditEntry, AuditLog, AuditLogConfig, MIGRATIONS};
use seaworthy_core::Secret;
use seaworthy_data::{Database, DatabaseConfig, Migrator, sql};
use seaworthy_testkit::{mariadb::MariadbServer, postgres::PostgresServer, server::Shared};
use tempfile::TempDir;

static POSTGRES: Shared<PostgresServer> = Shared::new("SEAWORTHY_TEST_POSTGRES", |programs| {
    PostgresServer::start(programs)
});
static MARIADB: Shared<MariadbServer> = Shared::new("SEAWORTHY_TEST_MARIADB", |program| {
    MariadbServer::start(program)
});

/// A database with the tables of audit_logs.
pub(crate) struct Place {
    pub(crate) database: Database,
    _folder: Option<TempDir>,
}

pub(crate) async fn sqlite() -> Option<Place> {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}", folder.path().join("audit_log.db").display());
    Some(Place {
        database: migrated(&url).await,
        _folder: Some(folder),
    })
}

pub(crate) async fn postgres() -> Option<Place> {
    let url = POSTGRES.get()?.database("audit_log").unwrap();
    Some(Place {
        database: migrated(&url).await,
        _folder: None,
    })
}

pub(crate) async fn mariadb() -> Option<Place> {
    let url = MARIADB.get()?.database("audit_log").unwrap();
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
    pub(crate) fn log(&self) -> AuditLog {
        self.log_of("a key of the tests, which is long enough")
    }

    pub(crate) fn log_of(&self, key: &str) -> AuditLog {
        let config = AuditLogConfig {
            key: Some(Secret::new(key.to_owned())),
            keep_days: None,
        };
        AuditLog::new(self.database.clone(), &config).unwrap()
    }

    /// Appends an entry in a transaction of its own.
    pub(crate) async fn append(&self, log: &AuditLog, entry: AuditEntry) {
        let appended = self.database.transaction(|tx| {
            let (log, entry) = (log.clone(), entry.clone());
            async move { log.append(&tx, entry).await }
        });
        appended.await.unwrap();
    }

    /// A log of five records.
    pub(crate) async fn five(&self) -> AuditLog {
        let log = self.log();
        for number in 0..5 {
            let entry = AuditEntry::new("event.cancel").target("event", format!("event {number}"));
            self.append(&log, entry).await;
        }
        log
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
