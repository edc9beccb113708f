use seaworthy_core::{Secret, Timeout};
use seaworthy_crypto::{
    Context, DataKeys, DataKeysConfig, Encrypted, EncryptedColumn, KEY_MIGRATIONS, KeyId, Keyring,
    Root, RowKey, Sealer,
};
use seaworthy_data::{Database, DatabaseConfig, Migration, MigrationSet, Migrator, sql};
use seaworthy_testkit::database::EmptyDatabase;

pub(crate) const NOTES: EncryptedColumn = EncryptedColumn {
    name: "notes.body",
    key: RowKey::Integer,
    select: "SELECT id, body FROM notes WHERE id > ? ORDER BY id LIMIT ?",
    update: "UPDATE notes SET body = ? WHERE id = ? AND body = ?",
};

const MIGRATIONS: &[MigrationSet] = &[
    MigrationSet::for_service(&[Migration::new(
        1,
        "notes",
        "CREATE TABLE notes (id {bigint} NOT NULL PRIMARY KEY, body {text} NOT NULL)",
        "DROP TABLE notes",
    )]),
    KEY_MIGRATIONS,
];

pub(crate) struct TestDatabase {
    pub(crate) database: Database,
    pub(crate) empty: EmptyDatabase,
}

pub(crate) async fn open(empty: EmptyDatabase) -> TestDatabase {
    let config = DatabaseConfig::from_url(empty.url().parse().unwrap());
    let config = seaworthy_testkit::with_long_timeouts!(config);
    let database = Database::builder("test", config).open().await.unwrap();
    let migrator = Migrator::new(&database, MIGRATIONS);
    migrator.up(false).await.unwrap();
    TestDatabase { database, empty }
}

/// Settings with short times.
pub(crate) fn config() -> DataKeysConfig {
    DataKeysConfig {
        refresh_interval: Timeout::from_millis(20),
        delete_after: Timeout::from_millis(40),
        ..DataKeysConfig::default()
    }
}

/// A root that is fast to create.
pub(crate) fn root() -> Root {
    let name = KeyId::new("root").unwrap();
    Root::new(Keyring::new(name, &Secret::new([7; 32])).unwrap())
}

pub(crate) fn place(id: i64) -> Context {
    Context::new("notes", "body").row(&id.to_string())
}

pub(crate) fn body(id: i64) -> String {
    format!("note {id}")
}

impl TestDatabase {
    pub(crate) async fn keys(&self, config: &DataKeysConfig) -> DataKeys {
        DataKeys::open(&self.database, root(), config)
            .await
            .unwrap()
    }

    pub(crate) async fn insert(&self, sealer: &Sealer, id: i64) {
        let sealed = sealer.seal(&body(id), &place(id)).await.unwrap();
        sql("INSERT INTO notes (id, body) VALUES (?, ?)")
            .bind(id)
            .bind(sealed)
            .execute(&self.database)
            .await
            .unwrap();
    }

    /// Returns a stored value.
    pub(crate) async fn sealed(&self, id: i64) -> Encrypted<String> {
        let (sealed,) = sql("SELECT body FROM notes WHERE id = ?")
            .bind(id)
            .fetch_one(&self.database)
            .await
            .unwrap();
        sealed
    }

    /// Sets the status of a data key.
    pub(crate) async fn set_status(&self, version: &KeyId, status: &str) {
        sql("UPDATE kms_data_keys SET status = ? WHERE version = ?")
            .bind(status)
            .bind(version.as_str())
            .execute(&self.database)
            .await
            .unwrap();
    }

    /// Inserts this many values in one transaction.
    pub(crate) async fn fill(&self, sealer: &Sealer, count: usize) {
        let tx = self.database.begin().await.unwrap();
        for id in 0..i64::try_from(count).unwrap() {
            let sealed = sealer.seal(&body(id), &place(id)).await.unwrap();
            sql("INSERT INTO notes (id, body) VALUES (?, ?)")
                .bind(id)
                .bind(sealed)
                .execute(&tx)
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// Checks that a sealer decrypts every value, and returns the names of their keys.
    pub(crate) async fn opens(&self, sealer: &Sealer, count: usize) -> Vec<KeyId> {
        let rows: Vec<(i64, Encrypted<String>)> = sql("SELECT id, body FROM notes ORDER BY id")
            .fetch_all(&self.database)
            .await
            .unwrap();
        assert_eq!(rows.len(), count);
        let mut names = Vec::new();
        for (id, stored) in rows {
            assert_eq!(sealer.open(&stored, &place(id)).await.unwrap(), body(id));
            names.push(stored.envelope().key_id().clone());
        }
        names
    }
}
