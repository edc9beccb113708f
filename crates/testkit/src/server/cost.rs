//! The cost of operations on PostgreSQL, which does not depend on the speed of the machine.

use std::{
    fmt, io,
    path::PathBuf,
    process::{Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{Shared, database::EmptyDatabase, postgres::PostgresServer};

const PROGRAMS: &str = "SEAWORTHY_TEST_POSTGRES";

/// Settings of the server. Without full pages, the log does not depend on the last checkpoint.
const SETTINGS: [&str; 5] = [
    "fsync=off",
    "max_connections=200",
    "full_page_writes=off",
    "autovacuum=off",
    "shared_preload_libraries=pg_stat_statements",
];

/// The percentage by which the bytes of an operation may exceed their budget.
const TOLERANCE: u64 = 20;
/// Minimum tolerance in bytes, less than a row: a read may clean up a page.
const MIN_TOLERANCE: u64 = 16;

/// The statement that counts the messages in the outbox and the bytes of headers and payloads.
const OUTBOX: &str =
    "SELECT count(*), coalesce(sum(octet_length(headers) + octet_length(payload)), 0) FROM outbox";

static SERVER: Shared<PostgresServer> = Shared::new(PROGRAMS, |programs: PathBuf| {
    PostgresServer::start_with(programs, &SETTINGS)
});

/// Counts the statements of a database on PostgreSQL.
#[derive(Debug)]
pub struct StatementCounter {
    programs: PathBuf,
    url: String,
    /// The outbox at the last reset.
    outbox: Mutex<Outbox>,
}

/// The messages in the outbox of the database.
#[derive(Debug, Clone, Copy, Default)]
struct Outbox {
    messages: u64,
    bytes: u64,
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
    /// Messages that were stored in the outbox. Zero if a relay deletes them.
    pub messages: u64,
    /// Bytes of the headers and payloads of these messages.
    pub message_bytes: u64,
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
        let database = EmptyDatabase::on_postgres(server, "cost");
        let counter = Self {
            programs: server.programs().to_owned(),
            url: database.url().to_owned(),
            outbox: Mutex::default(),
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
        *self.last_outbox() = self.outbox();
    }

    fn last_outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the messages in the outbox, or none if the service has no outbox.
    fn outbox(&self) -> Outbox {
        let text = self.query(OUTBOX).unwrap_or_default();
        let mut columns = text.trim_end().splitn(2, '\t');
        let mut number = || {
            columns
                .next()
                .and_then(|text| text.parse().ok())
                .unwrap_or_default()
        };
        Outbox {
            messages: number(),
            bytes: number(),
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
        let (before, now) = (*self.last_outbox(), self.outbox());
        let each = |now: u64, before: u64| now.saturating_sub(before) / u64::from(operations);
        let mut cost = OperationCost {
            statements: 0,
            rows: 0,
            wal_bytes: 0,
            messages: each(now.messages, before.messages),
            message_bytes: each(now.bytes, before.bytes),
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
    /// Rows that are inserted, updated or deleted.
    pub rows: u64,
    /// Bytes of the write-ahead log.
    pub wal_bytes: u64,
    /// Messages that are stored in the outbox.
    pub messages: u64,
    /// Bytes of their headers and payloads.
    pub message_bytes: u64,
}

impl Budget {
    /// Returns the budget of an operation that only reads.
    #[must_use]
    pub const fn read(operation: &'static str, statements: u64) -> Self {
        Self {
            operation,
            statements,
            rows: 0,
            wal_bytes: 0,
            messages: 0,
            message_bytes: 0,
        }
    }
}

/// Prints the costs as rows of a Markdown table. Fails the test if an operation executes more
/// statements, writes more rows or stores more messages than its budget. Also fails if it writes
/// over 20 % more to the write-ahead log or to its messages.
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
            messages,
            message_bytes,
            ..
        } = cost;
        println!(
            "| {} | {statements} | {rows} | {wal_bytes} | {messages} | {message_bytes} |",
            budget.operation
        );
    }
    for (budget, cost) in operations {
        let max_bytes = |bytes: u64| bytes + (bytes * TOLERANCE / 100).max(MIN_TOLERANCE);
        assert!(
            cost.statements <= budget.statements
                && cost.rows <= budget.rows
                && cost.wal_bytes <= max_bytes(budget.wal_bytes)
                && cost.messages <= budget.messages
                && cost.message_bytes <= max_bytes(budget.message_bytes),
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
            messages,
            message_bytes,
            texts,
        } = self;
        write!(
            formatter,
            "{statements} statements, {rows} rows, {wal_bytes} B, {messages} messages of {message_bytes} B:\n{}",
            texts.join("\n")
        )
    }
}
