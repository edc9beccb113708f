use seaworthy_audit_log::{AuditEntry, AuditLog, AuditLogConfig, MIGRATIONS};
use seaworthy_core::Secret;
use seaworthy_data::{Database, DatabaseConfig, Migrator, sql};
use seaworthy_testkit::database::EmptyDatabase;

/// A database with the tables of the audit log.
pub(crate) struct TestDatabase {
    pub(crate) database: Database,
    _empty: EmptyDatabase,
}

/// Creates the tables.
pub(crate) async fn open(empty: EmptyDatabase) -> TestDatabase {
    let config = DatabaseConfig::from_url(empty.url().parse().unwrap());
    let config = seaworthy_testkit::with_long_timeouts!(config);
    let database = Database::builder("test", config).open().await.unwrap();
    let migrator = Migrator::new(&database, &[MIGRATIONS]);
    migrator.up(false).await.unwrap();
    TestDatabase {
        database,
        _empty: empty,
    }
}

impl TestDatabase {
    pub(crate) fn log(&self) -> AuditLog {
        self.log_of("a key of the tests, which is long enough")
    }

    pub(crate) fn log_of(&self, key: &str) -> AuditLog {
        let config = AuditLogConfig {
            key: Some(Secret::new(key.to_owned())),
            ..AuditLogConfig::default()
        };
        AuditLog::new(self.database.clone(), &config).unwrap()
    }

    /// Appends an entry in a separate transaction.
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

    /// Waits until the clock of the database has advanced. On SQLite it counts milliseconds.
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
