//! The cost of operations on PostgreSQL, which does not depend on the speed of the machine.

use std::{
    fmt, io,
    path::PathBuf,
    process::{Command, Stdio},
};

use super::{Shared, database::EmptyDatabase, postgres::PostgresServer};

const PROGRAMS: &str = "SEAWORTHY_TEST_POSTGRES";

/// Full pages in the write-ahead log depend on the time of the last checkpoint.
const SETTINGS: [&str; 5] = [
    "fsync=off",
    "max_connections=200",
    "full_page_writes=off",
    "autovacuum=off",
    "shared_preload_libraries=pg_stat_statements",
];

/// The part by which the write-ahead log of an operation may exceed its budget, in percent.
const WAL_TOLERANCE: u64 = 20;
/// A read may clean up a page. This is less than a row.
const MIN_WAL_TOLERANCE: u64 = 16;

static SERVER: Shared<PostgresServer> = Shared::new(PROGRAMS, |programs: PathBuf| {
    PostgresServer::start_with(programs, &SETTINGS)
});

/// Counts the statements of a database on PostgreSQL.
#[derive(Debug)]
pub struct StatementCounter {
    programs: PathBuf,
    url: String,
}

/// The cost of one operation. A statement is one round trip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationCost {
    /// Executed statements, including those that begin and end transactions.
    pub statements: u64,
    /// Rows that were inserted, updated or deleted.
    pub rows: u64,
    /// Bytes of the write-ahead log, without those of the commit.
    pub wal_bytes: u64,
    texts: Vec<String>,
}

impl StatementCounter {
    /// Returns an empty database on a server that counts, and its counter. Returns `None` if
    /// PostgreSQL is not installed and the test is to be skipped.
    ///
    /// # Panics
    /// PostgreSQL is installed and its extension `pg_stat_statements` cannot be used.
    #[must_use]
    #[expect(clippy::panic, reason = "this is how a test fails")]
    pub fn start() -> Option<(EmptyDatabase, Self)> {
        let server = SERVER.get()?;
        let database = EmptyDatabase::on_server(server.database("cost"));
        let counter = Self {
            programs: server.programs().to_owned(),
            url: database.url().to_owned(),
        };
        match counter.query("CREATE EXTENSION pg_stat_statements") {
            Ok(_) => Some((database, counter)),
            Err(error) => panic!("statements cannot be counted: {error}"),
        }
    }

    /// Starts to count.
    ///
    /// # Panics
    /// The database is unavailable.
    #[expect(clippy::panic, reason = "this is how a test fails")]
    pub fn reset(&self) {
        if let Err(error) = self.query("SELECT pg_stat_statements_reset()") {
            panic!("the counts cannot be reset: {error}");
        }
    }

    /// Returns the cost of one of the operations since [`reset`](Self::reset). Statements that were
    /// executed less often than there were operations belong to workers in the background, so use
    /// many operations.
    ///
    /// # Panics
    /// The database is unavailable.
    #[must_use]
    #[expect(clippy::panic, reason = "this is how a test fails")]
    pub fn cost(&self, operations: u32) -> OperationCost {
        let query = format!(
            "SELECT calls / {operations}, CASE WHEN query ~* '^\\s*(INSERT|UPDATE|DELETE|WITH)' THEN rows / {operations} ELSE 0 END,
                wal_bytes::bigint / {operations}, regexp_replace(query, '\\s+', ' ', 'g')
             FROM pg_stat_statements JOIN pg_database ON pg_database.oid = dbid
             WHERE datname = current_database() AND calls >= {operations} ORDER BY calls, query"
        );
        let output = match self.query(&query) {
            Ok(output) => output,
            Err(error) => panic!("the counts cannot be read: {error}"),
        };
        let mut cost = OperationCost {
            statements: 0,
            rows: 0,
            wal_bytes: 0,
            texts: Vec::new(),
        };
        for line in output.lines() {
            let mut columns = line.splitn(4, '\t');
            let mut number = || columns.next().and_then(|text| text.parse::<u64>().ok());
            let (Some(calls), Some(rows), Some(wal_bytes)) = (number(), number(), number()) else {
                panic!("psql printed an unexpected line: {line}");
            };
            cost.statements += calls;
            cost.rows += rows;
            cost.wal_bytes += wal_bytes;
            let text = columns.next().unwrap_or_default();
            cost.texts.push(format!("{calls} × {wal_bytes} B: {text}"));
        }
        cost
    }

    fn query(&self, text: &str) -> io::Result<String> {
        let output = Command::new(self.programs.join("psql"))
            .args([
                "-XqAt",
                "-v",
                "ON_ERROR_STOP=1",
                "-F",
                "\t",
                "-c",
                text,
                &self.url,
            ])
            .stdin(Stdio::null())
            .output()?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            let problem = String::from_utf8_lossy(&output.stderr);
            Err(io::Error::other(problem.into_owned()))
        }
    }
}

/// The maximum cost of an operation.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// The name of the operation.
    pub operation: &'static str,
    /// Executed statements.
    pub statements: u64,
    /// Bytes of the write-ahead log.
    pub wal_bytes: u64,
}

/// Prints the costs as rows of a Markdown table. Fails the test if an operation executes more
/// statements than its budget, or writes over 20 % more to the write-ahead log.
///
/// # Panics
/// An operation exceeds its budget.
#[track_caller]
#[expect(clippy::print_stdout, reason = "the table of the documentation")]
pub fn assert_budgets(operations: &[(Budget, OperationCost)]) {
    for (budget, cost) in operations {
        let OperationCost {
            statements,
            rows,
            wal_bytes,
            ..
        } = cost;
        println!(
            "| {} | {statements} | {rows} | {wal_bytes} |",
            budget.operation
        );
    }
    for (budget, cost) in operations {
        let tolerance = (budget.wal_bytes * WAL_TOLERANCE / 100).max(MIN_WAL_TOLERANCE);
        let max_wal_bytes = budget.wal_bytes + tolerance;
        assert!(
            cost.statements <= budget.statements && cost.wal_bytes <= max_wal_bytes,
            "the budget is {budget:?}, and the cost is {cost}"
        );
    }
}

impl fmt::Display for OperationCost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            statements,
            rows,
            wal_bytes,
            texts,
        } = self;
        write!(
            formatter,
            "{statements} statements, {rows} rows, {wal_bytes} B:\n{}",
            texts.join("\n")
        )
    }
}
