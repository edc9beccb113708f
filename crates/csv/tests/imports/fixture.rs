//! Members that are imported into a table.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use futures::stream;
use seaworthy_core::ByteSize;
use seaworthy_csv::{
    Column, CsvImport, CsvReaderConfig, ImportConfig, ImportRows, ImportStatus, Imports,
    MIGRATIONS, NewImport, Row, RowProblem, StoreRowsError,
};
use seaworthy_data::{Database, DatabaseConfig, Migrator, Transaction, Value, sql};
use seaworthy_telemetry::metrics::Metrics;
use seaworthy_testkit::database::EmptyDatabase;
use serde::Deserialize;
use uuid::Uuid;

pub(crate) const OWNER: &str = "mira";
pub(crate) const BATCH_SIZE: u32 = 10;
pub(crate) const MAX_BAD_ROWS: u32 = 40;

#[derive(Debug, Deserialize)]
pub(crate) struct Member {
    email: String,
    age: Option<u8>,
}

/// How the rows behave.
#[derive(Debug)]
pub(crate) struct Behavior {
    /// After this many batches, storing fails. 0: never.
    pub(crate) fails_after: AtomicU32,
    pub(crate) always_fails: AtomicBool,
    /// Younger members are bad rows.
    pub(crate) min_age: AtomicU8,
    /// Problems of each bad row.
    pub(crate) problems: AtomicUsize,
    batches: AtomicU32,
}

impl Default for Behavior {
    fn default() -> Self {
        Self {
            fails_after: AtomicU32::new(0),
            always_fails: AtomicBool::new(false),
            min_age: AtomicU8::new(18),
            problems: AtomicUsize::new(1),
            batches: AtomicU32::new(0),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Members(Arc<Behavior>);

impl ImportRows for Members {
    type Row = Member;

    const KIND: &'static str = "members";
    const COLUMNS: &'static [Column] = &[Column::required("email"), Column::optional("age")];
    const CAN_UNDO: bool = true;

    fn check(&self, _: &CsvImport, row: &Member) -> Vec<RowProblem> {
        let min_age = self.0.min_age.load(Ordering::SeqCst);
        let problem = RowProblem::for_column("age", "must be at least 18");
        match row.age.is_some_and(|age| age < min_age) {
            true => vec![problem; self.0.problems.load(Ordering::SeqCst)],
            false => Vec::new(),
        }
    }

    async fn store(
        &self,
        tx: &Transaction,
        import: &CsvImport,
        rows: &[Row<Member>],
    ) -> Result<(), StoreRowsError> {
        let batch = self.0.batches.fetch_add(1, Ordering::SeqCst) + 1;
        let values = rows.iter().map(|row| -> [Value; 3] {
            [
                (&row.value.email).into(),
                row.value.age.map(i32::from).into(),
                import.id.into(),
            ]
        });
        sql("INSERT INTO members (email, age, import_id) VALUES (?, ?, ?)**")
            .bind_rows(values)
            .execute(tx)
            .await?;
        // After the statement, so that the transaction has to undo it.
        let fails_after = self.0.fails_after.load(Ordering::SeqCst);
        if self.0.always_fails.load(Ordering::SeqCst) || batch == fails_after {
            return Err(StoreRowsError::failed("a dependency fails"));
        }
        Ok(())
    }

    async fn undo(
        &self,
        tx: &Transaction,
        import: &CsvImport,
        max_rows: u32,
    ) -> Result<u64, StoreRowsError> {
        let found: Vec<(String,)> = sql("SELECT email FROM members WHERE import_id = ? LIMIT ?")
            .bind(import.id)
            .bind(max_rows)
            .fetch_all(tx)
            .await?;
        let removed = sql("DELETE FROM members WHERE email IN (?*)")
            .bind_list(found.into_iter().map(|(email,)| email))
            .execute(tx)
            .await?;
        Ok(removed.rows_affected())
    }
}

pub(crate) struct TestImports {
    pub(crate) imports: Imports<Members>,
    pub(crate) database: Database,
    pub(crate) behavior: Arc<Behavior>,
    _empty: EmptyDatabase,
}

pub(crate) async fn open(empty: EmptyDatabase) -> TestImports {
    let config = DatabaseConfig::from_url(empty.url().parse().unwrap());
    let config = seaworthy_testkit::with_long_timeouts!(config);
    let database = Database::builder("test", config).open().await.unwrap();
    Migrator::new(&database, &[MIGRATIONS])
        .up(false)
        .await
        .unwrap();
    sql("CREATE TABLE members (email VARCHAR(100) PRIMARY KEY, age INTEGER, import_id UUID)")
        .on_sqlite("CREATE TABLE members (email TEXT PRIMARY KEY, age INTEGER, import_id BLOB)")
        .on_mysql("CREATE TABLE members (email VARCHAR(100) PRIMARY KEY, age INTEGER, import_id BINARY(16))")
        .execute(&database)
        .await
        .unwrap();
    let config = ImportConfig {
        batch_size: BATCH_SIZE.try_into().unwrap(),
        max_attempts: 2.try_into().unwrap(),
        max_open_per_owner: 2.try_into().unwrap(),
        file: CsvReaderConfig {
            max_size: ByteSize::mebibytes(2),
            max_bad_rows: MAX_BAD_ROWS.try_into().unwrap(),
            ..CsvReaderConfig::default()
        },
        ..ImportConfig::default()
    };
    let behavior = Arc::<Behavior>::default();
    let rows = Members(Arc::clone(&behavior));
    TestImports {
        imports: Imports::new(&database, &config, rows, &Metrics::new()),
        database,
        behavior,
        _empty: empty,
    }
}

/// Returns a file whose rows from the second line on have these ages.
pub(crate) fn file(ages: impl IntoIterator<Item = &'static str>) -> String {
    let rows = ages.into_iter().enumerate();
    let rows = rows.map(|(index, age)| format!("{index}@example.org,{age}\n"));
    format!("email,age\n{}", rows.collect::<String>())
}

pub(crate) fn new_import() -> NewImport {
    NewImport::new(OWNER).name("members.csv")
}

impl TestImports {
    pub(crate) async fn create(&self, new: NewImport, text: &str) -> Uuid {
        let pieces = text.as_bytes().chunks(1_000).map(Bytes::copy_from_slice);
        let pieces: Vec<_> = pieces.map(Ok::<_, Infallible>).collect();
        let created = self.imports.create(new, stream::iter(pieces)).await;
        let created = created.unwrap();
        assert_eq!(created.status, ImportStatus::Checking);
        assert_eq!(created.size, text.len() as u64);
        created.id
    }

    pub(crate) async fn find(&self, id: Uuid) -> CsvImport {
        self.imports.find(id, OWNER).await.unwrap()
    }

    /// Runs the worker until it finds nothing to do.
    pub(crate) async fn run(&self) {
        while self.imports.step().await.unwrap() {}
    }

    /// Lets the delay of the next attempt pass.
    pub(crate) async fn skip_backoff(&self) {
        self.execute("UPDATE csv_imports SET claimed_until_us = 0")
            .await;
    }

    pub(crate) async fn execute(&self, statement: &'static str) {
        sql(statement).execute(&self.database).await.unwrap();
    }

    pub(crate) async fn count(&self, statement: &'static str) -> i64 {
        let (count,): (i64,) = sql(statement).fetch_one(&self.database).await.unwrap();
        count
    }

    pub(crate) async fn members(&self) -> i64 {
        self.count("SELECT COUNT(*) FROM members").await
    }

    pub(crate) async fn pieces(&self) -> i64 {
        self.count("SELECT COUNT(*) FROM csv_import_pieces").await
    }
}
