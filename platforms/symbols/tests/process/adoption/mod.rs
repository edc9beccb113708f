//! Adoption of a database that the legacy service made, by the program.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::path::Path;

use seaworthy::data::{
    Database, DatabaseConfig, DatabaseUrl, Migration, MigrationSet, Migrator, sql,
};
use seaworthy_testkit::{
    database::EmptyDatabase,
    http::request,
    process::{ProcessOutput, ServiceProcess},
};

const LEGACY: MigrationSet = MigrationSet::for_part(
    "fixture",
    &[Migration::new(1, "legacy", include_str!("schema.sql"), "")],
);

/// A database as the legacy service leaves it.
struct LegacyDatabase {
    empty: EmptyDatabase,
    database: Database,
    before: Vec<String>,
}

impl LegacyDatabase {
    async fn create() -> Option<Self> {
        let empty = EmptyDatabase::mariadb()?;
        let url: DatabaseUrl = empty.url().parse().unwrap();
        let builder = Database::builder("legacy", DatabaseConfig::from_url(url));
        let database = builder.open().await.unwrap();
        let migrator = Migrator::new(&database, &[LEGACY]);
        migrator.up(false).await.unwrap();
        let mut legacy = Self {
            empty,
            database,
            before: Vec::new(),
        };
        legacy.execute("DROP TABLE schema_history_fixture").await;
        legacy.before = legacy.contents().await;
        Some(legacy)
    }

    async fn execute(&self, text: &'static str) {
        sql(text).execute(&self.database).await.unwrap();
    }

    async fn count(&self, text: &'static str) -> i64 {
        let (count,): (i64,) = sql(text).fetch_one(&self.database).await.unwrap();
        count
    }

    /// Returns the columns, constraints and indexes of all tables, and the checksums of the rows.
    async fn contents(&self) -> Vec<String> {
        const DEFINITIONS: &str = "
            SELECT CAST(CONCAT_WS(' ', 'column', table_name, column_name, column_type, collation_name, is_nullable, column_default, extra) AS CHAR) AS content
            FROM information_schema.columns WHERE table_schema = DATABASE()
            UNION ALL
            SELECT CAST(CONCAT_WS(' ', 'index', table_name, index_name, seq_in_index, column_name, sub_part, non_unique) AS CHAR)
            FROM information_schema.statistics WHERE table_schema = DATABASE()
            UNION ALL
            SELECT CAST(CONCAT_WS(' ', 'constraint', table_name, constraint_name, constraint_type) AS CHAR)
            FROM information_schema.table_constraints WHERE table_schema = DATABASE()
            UNION ALL
            SELECT CAST(CONCAT_WS(' ', 'reference', table_name, constraint_name, referenced_table_name, update_rule, delete_rule) AS CHAR)
            FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE()
            ORDER BY content";
        // The checksum of a table that does not exist is NULL.
        const ROWS: &str =
            "CHECKSUM TABLE symbols, symbol_data, legacy_symbols, legacy_symbol_data";
        let definitions = sql(DEFINITIONS).fetch_all(&self.database).await;
        let definitions: Vec<(String,)> = definitions.unwrap();
        let rows = sql(ROWS).fetch_all(&self.database).await;
        let rows: Vec<(String, Option<i64>)> = rows.unwrap();
        let rows = rows
            .iter()
            .map(|(name, rows)| format!("rows {name} {rows:?}"));
        let definitions = definitions.into_iter().map(|(content,)| content);
        definitions.chain(rows).collect()
    }

    fn start(&self, arguments: &[&str]) -> ServiceProcess {
        let url = format!("database.url={}", self.empty.url());
        let mut all = vec!["--profile", "test", "--set", &url];
        for setting in [
            "broker.url=memory:",
            "server.http.addr=127.0.0.1:0",
            "server.grpc.addr=127.0.0.1:0",
            "admin.addr=127.0.0.1:0",
            "log.format=json",
        ] {
            all.extend(["--set", setting]);
        }
        all.extend(arguments);
        ServiceProcess::spawn(Path::new(env!("CARGO_BIN_EXE_symbols")), &all, &[]).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> ProcessOutput {
        self.start(arguments).wait_with_output().unwrap()
    }

    fn succeed(&self, arguments: &[&str]) {
        let ended = self.run(arguments);
        assert!(ended.status.success(), "{ended:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn legacy_database_is_rejected_unchanged_data_2() {
    let Some(legacy) = LegacyDatabase::create().await else {
        return;
    };
    let migrating = ["--set", "database.migrate_at_start=true", "serve"];
    for arguments in [&["serve"][..], &migrating, &["migrate", "up"]] {
        let refused = legacy.run(arguments);
        assert_eq!(refused.status.code(), Some(1), "{refused:#?}");
        assert!(refused.stderr.contains("`migrate adopt`"), "{refused:#?}");
    }
    assert_eq!(legacy.contents().await, legacy.before);
    legacy
        .execute("ALTER TABLE symbols MODIFY version bigint unsigned NOT NULL")
        .await;
    let changed = legacy.contents().await;
    let refused = legacy.run(&["migrate", "adopt"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:#?}");
    assert!(
        refused.stderr.contains("symbols.version is"),
        "{refused:#?}"
    );
    assert_eq!(legacy.contents().await, changed);
}

#[tokio::test(flavor = "multi_thread")]
async fn unconvertible_rows_are_reported_data_2() {
    let Some(legacy) = LegacyDatabase::create().await else {
        return;
    };
    legacy
        .execute("INSERT INTO symbols (id, project_id, uid, label, class_name, component_target, version) VALUES (9223372036854775808, 5, 'u', 'l', 'c', 't', 1)")
        .await;
    let changed = legacy.contents().await;
    let refused = legacy.run(&["migrate", "adopt"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:#?}");
    let problem = "symbols.id is above 9223372036854775807 in 1 rows: 9223372036854775808";
    assert!(refused.stderr.contains(problem), "{refused:#?}");
    assert_eq!(legacy.contents().await, changed);
    assert_eq!(legacy.count("SELECT count(*) FROM symbols").await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn adopted_symbols_are_served_data_2() {
    let Some(legacy) = LegacyDatabase::create().await else {
        return;
    };
    legacy.succeed(&["migrate", "adopt"]);
    legacy.succeed(&["migrate", "verify"]);
    let live = "SELECT count(*) FROM symbols WHERE live = 1";
    assert_eq!(legacy.count(live).await, 3);
    let data = "SELECT count(*) FROM symbol_data WHERE data IN (x'00ff10', x'01', x'')";
    assert_eq!(legacy.count(data).await, 4);
    let mut service = legacy.start(&["serve"]);
    let (http, _) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    for (project, symbol, label) in [
        ("1", "1", "a label"),
        ("18446744073709551615", "3", "naïve ✓"),
        ("2", "7", "without data"),
    ] {
        let path = format!("/v1/symbols/{symbol}");
        let found = request(http, "GET", &path, &[], "").unwrap();
        assert_eq!(found.status, 200, "{}", found.body);
        assert!(found.body.contains(label), "{}", found.body);
        assert!(found.body.contains(project), "{}", found.body);
    }
    let removed = request(http, "GET", "/v1/symbols/2", &[], "").unwrap();
    assert_eq!(removed.status, 404, "{}", removed.body);
    drop(service);
    legacy.succeed(&["migrate", "adopt", "--undo", "--discard-changes"]);
    assert_eq!(legacy.contents().await, legacy.before);
    assert_eq!(legacy.count("SELECT count(*) FROM symbol_data").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_adoption_is_undone_by_the_next_data_2() {
    let Some(legacy) = LegacyDatabase::create().await else {
        return;
    };
    // As a process that is killed after the legacy tables are moved.
    for text in [
        "CREATE TABLE schema_adoption (name varchar(255) NOT NULL PRIMARY KEY, adopted_at datetime(6) NOT NULL, unfinished boolean NOT NULL)",
        "INSERT INTO schema_adoption VALUES ('', now(6), TRUE), ('outbox', now(6), TRUE), ('idempotency', now(6), TRUE)",
        "RENAME TABLE symbols TO legacy_symbols, symbol_data TO legacy_symbol_data",
    ] {
        legacy.execute(text).await;
    }
    let interrupted = legacy.contents().await;
    for arguments in [&["serve"][..], &["migrate", "up"]] {
        let refused = legacy.run(arguments);
        assert_eq!(refused.status.code(), Some(1), "{refused:#?}");
        assert!(refused.stderr.contains("was interrupted"), "{refused:#?}");
    }
    // The legacy service was started again and made its table.
    legacy
        .execute("CREATE TABLE symbols LIKE legacy_symbols")
        .await;
    let refused = legacy.run(&["migrate", "adopt"]);
    assert!(
        refused.stderr.contains("created the table symbols"),
        "{refused:#?}"
    );
    legacy.execute("DROP TABLE symbols").await;
    assert_eq!(legacy.contents().await, interrupted);
    legacy.succeed(&["migrate", "adopt"]);
    legacy.succeed(&["migrate", "verify"]);
    assert_eq!(legacy.count("SELECT count(*) FROM symbols").await, 4);
}
