#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::path::Path;

use seaworthy::data::{Database, DatabaseConfig, MigrationSet, Migrator, sql};
use seaworthy_testkit::{
    database::EmptyDatabase,
    process::{ProcessOutput, ServiceProcess},
};

/// A value of every secret.
const SECRET: &str = "Qm9hdHMgYXJlIHNhZmUgaW4gaGFyYm91ciwgYnV0";

/// The program of a service, with a database that its legacy service created.
#[derive(Debug)]
pub struct LegacyService {
    program: &'static Path,
    settings: Vec<String>,
    database: Database,
    contents: Vec<(String, String)>,
    _empty: EmptyDatabase,
}

impl LegacyService {
    /// Creates the database with the tables and rows of `fixture`, which is named `fixture`. The
    /// settings in `secrets` get a secret. Returns `None` if PostgreSQL is not installed.
    ///
    /// # Panics
    /// The database cannot be created.
    pub async fn create(
        program: &'static str,
        fixture: MigrationSet,
        secrets: &[&str],
    ) -> Option<Self> {
        let empty = EmptyDatabase::postgres()?;
        let config = DatabaseConfig::from_url(empty.url().parse().unwrap());
        let database = Database::builder("legacy", config).open().await.unwrap();
        let migrator = Migrator::new(&database, &[fixture]);
        migrator.up(false).await.unwrap();
        let history = sql("DROP TABLE schema_history_fixture");
        history.execute(&database).await.unwrap();
        let mut settings = vec![
            format!("database.url={}", empty.url()),
            "broker.url=memory:".to_owned(),
            "server.http.addr=127.0.0.1:0".to_owned(),
            "admin.addr=127.0.0.1:0".to_owned(),
            "log.format=json".to_owned(),
        ];
        let secrets = secrets.iter();
        settings.extend(secrets.map(|key| format!("{key}={SECRET}")));
        Some(Self {
            program: Path::new(program),
            settings,
            contents: read_contents(&database).await,
            database,
            _empty: empty,
        })
    }

    /// Adds a setting, `key=value`.
    #[must_use]
    pub fn with_setting(mut self, setting: &str) -> Self {
        self.settings.push(setting.to_owned());
        self
    }

    /// Starts the program.
    ///
    /// # Panics
    /// It cannot be started.
    #[must_use]
    pub fn start(&self, arguments: &[&str]) -> ServiceProcess {
        let mut all = vec!["--profile", "test"];
        all.extend(self.settings.iter().flat_map(|text| ["--set", text]));
        all.extend(arguments);
        ServiceProcess::spawn(self.program, &all, &[]).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> ProcessOutput {
        self.start(arguments).wait_with_output().unwrap()
    }

    /// Runs a command of the program.
    ///
    /// # Panics
    /// The command fails.
    pub fn succeed(&self, arguments: &[&str]) {
        let ended = self.run(arguments);
        assert!(ended.status.success(), "{ended:#?}");
    }

    fn check_rejection(&self, arguments: &[&str], problem: &str) {
        let ended = self.run(arguments);
        assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
        assert!(ended.stderr.contains(problem), "{problem}: {ended:#?}");
    }

    /// Executes a statement.
    ///
    /// # Panics
    /// The statement fails.
    pub async fn execute(&self, text: &'static str) {
        sql(text).execute(&self.database).await.unwrap();
    }

    /// Returns the number that a query selects.
    ///
    /// # Panics
    /// The query fails.
    pub async fn count(&self, text: &'static str) -> i64 {
        let (count,): (i64,) = sql(text).fetch_one(&self.database).await.unwrap();
        count
    }

    /// Checks that every command except `migrate adopt` rejects the database, and that
    /// `migrate adopt` rejects it with another column. `add` and `drop` are the statements for this
    /// column.
    ///
    /// # Panics
    /// A command accepts or changes the database.
    pub async fn rejects_unadopted(&self, add: &'static str, drop: &'static str, problem: &str) {
        let migrating = ["--set", "database.migrate_at_start=true", "serve"];
        for arguments in [&["serve"][..], &migrating, &["migrate", "up"]] {
            self.check_rejection(arguments, "`migrate adopt`");
        }
        self.execute(add).await;
        self.check_rejection(&["migrate", "adopt"], problem);
        self.execute(drop).await;
        assert_eq!(read_contents(&self.database).await, self.contents);
    }

    /// Checks that `migrate adopt` reports each of these problems after the changes.
    ///
    /// # Panics
    /// The command succeeds, changes the database or misses a problem.
    pub async fn rejects_rows(&self, changes: &[&'static str], problems: &[&str]) {
        for change in changes {
            self.execute(change).await;
        }
        let changed = read_contents(&self.database).await;
        for problem in problems {
            self.check_rejection(&["migrate", "adopt"], problem);
        }
        assert_eq!(read_contents(&self.database).await, changed);
    }

    /// Adopts the database, checks the results of queries, undoes the adoption and repeats it.
    ///
    /// # Panics
    /// A command fails, or a query selects another number.
    pub async fn adopts(&self, counts: &[(&'static str, i64)]) {
        self.succeed(&["migrate", "adopt", "--dry-run"]);
        assert_eq!(read_contents(&self.database).await, self.contents);
        self.succeed(&["migrate", "adopt"]);
        self.succeed(&["migrate", "verify"]);
        for (query, expected) in counts {
            assert_eq!(self.count(query).await, *expected, "{query}");
        }
        let undone = self.run(&["migrate", "adopt", "--undo"]);
        assert_eq!(undone.status.code(), Some(2), "{undone:#?}");
        self.succeed(&["migrate", "adopt", "--undo", "--discard-changes"]);
        assert_eq!(read_contents(&self.database).await, self.contents);
        self.succeed(&["migrate", "adopt"]);
    }
}

/// Returns the columns, constraints and indexes of all tables with their definitions, and the
/// number of rows of each table with their checksum.
async fn read_contents(database: &Database) -> Vec<(String, String)> {
    const CONTENTS: &str = "
        WITH tables AS (
            SELECT relation.oid, space.nspname AS space, relation.relname AS name
            FROM pg_class relation JOIN pg_namespace space ON space.oid = relation.relnamespace
            WHERE relation.relkind IN ('r', 'p') AND space.nspname NOT IN ('pg_catalog', 'information_schema')
        ), contents AS (
            SELECT 'column ' || table_schema || '.' || table_name || '.' || column_name AS name,
                concat_ws(' ', data_type, character_maximum_length, numeric_precision, collation_name, is_nullable, column_default, is_identity) AS content
            FROM information_schema.columns JOIN tables ON space = table_schema AND tables.name = table_name
            UNION ALL
            SELECT 'constraint ' || space || '.' || name || '.' || conname, pg_get_constraintdef(pg_constraint.oid)
            FROM pg_constraint JOIN tables ON tables.oid = conrelid
            UNION ALL
            SELECT 'index ' || schemaname || '.' || indexname, indexdef
            FROM pg_indexes JOIN tables ON space = schemaname AND tables.name = tablename
            UNION ALL
            SELECT 'rows ' || space || '.' || name, (xpath('/row/rows/text()', query_to_xml(format(
                $$SELECT count(*) || ' ' || coalesce(md5(string_agg(legacy_row::text, chr(10) ORDER BY legacy_row::text)), '') AS rows FROM %I.%I legacy_row$$,
                space, name), false, true, '')))[1]::text
            FROM tables
        )
        SELECT name, content FROM contents ORDER BY name, content";
    sql(CONTENTS).fetch_all(database).await.unwrap()
}

/// Declares `legacy()`, which returns the service with the rows of `schema.sql` and `rows.sql`, and
/// the tests that the adoption of every legacy database passes.
///
/// - `add`, `drop` and `unknown`: the statements and the problem of
///   [`rejects_unadopted`](crate::LegacyService::rejects_unadopted).
/// - `changes` and `problems`: those of [`rejects_rows`](crate::LegacyService::rejects_rows).
/// - `counts`: the results of queries after [`adopts`](crate::LegacyService::adopts).
#[macro_export]
macro_rules! adoption_tests {
    (
        program: $program:expr,
        secrets: $secrets:expr,
        settings: $settings:expr,
        add: $add:literal,
        drop: $drop:literal,
        unknown: $unknown:literal,
        changes: $changes:expr,
        problems: $problems:expr,
        counts: $counts:expr $(,)?
    ) => {
        async fn legacy() -> Option<$crate::LegacyService> {
            const LEGACY: seaworthy::data::MigrationSet = seaworthy::data::MigrationSet::for_part(
                "fixture",
                &[seaworthy::data::Migration::new(
                    1,
                    "legacy",
                    concat!(include_str!("schema.sql"), include_str!("rows.sql")),
                    "",
                )],
            );
            let service = $crate::LegacyService::create($program, LEGACY, &$secrets).await?;
            let settings: &[&str] = &$settings;
            Some(
                settings
                    .iter()
                    .fold(service, |service, setting| service.with_setting(setting)),
            )
        }

        #[tokio::test(flavor = "multi_thread")]
        async fn legacy_database_is_rejected_unchanged_data_2() {
            if let Some(service) = legacy().await {
                service.rejects_unadopted($add, $drop, $unknown).await;
            }
        }

        #[tokio::test(flavor = "multi_thread")]
        async fn unconvertible_rows_are_all_reported_data_2() {
            if let Some(service) = legacy().await {
                service.rejects_rows(&$changes, &$problems).await;
            }
        }

        #[tokio::test(flavor = "multi_thread")]
        async fn adopted_database_has_all_rows_data_2() {
            if let Some(service) = legacy().await {
                service.adopts(&$counts).await;
            }
        }
    };
}
