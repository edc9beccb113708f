use seaworthy_audit_log::{AuditLog, AuditLogConfig};
use seaworthy_core::Secret;
use seaworthy_data::{Database, DatabaseConfig, Migrator};
use seaworthy_flags::DatabaseStore;
use seaworthy_testkit::database::EmptyDatabase;

/// A database with the tables of flags and of the audit log.
pub(crate) struct TestDatabase {
    pub(crate) database: Database,
    _empty: EmptyDatabase,
}

pub(crate) async fn open(empty: EmptyDatabase) -> TestDatabase {
    let config = DatabaseConfig::from_url(empty.url().parse().unwrap());
    let config = seaworthy_testkit::with_long_timeouts!(config);
    let database = Database::builder("test", config).open().await.unwrap();
    let sets = [seaworthy_audit_log::MIGRATIONS, seaworthy_flags::MIGRATIONS];
    Migrator::new(&database, &sets).up(false).await.unwrap();
    TestDatabase {
        database,
        _empty: empty,
    }
}

impl TestDatabase {
    pub(crate) fn log(&self) -> AuditLog {
        let key = "a key of the tests, which is long enough".to_owned();
        let config = AuditLogConfig {
            key: Some(Secret::new(key)),
            ..AuditLogConfig::default()
        };
        AuditLog::new(self.database.clone(), &config).unwrap()
    }

    pub(crate) fn store(&self) -> DatabaseStore {
        DatabaseStore::new(self.database.clone(), "orders")
    }
}
