use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteQueryResult, SqliteRow},
};

use super::{RowLimit, arguments, collect::collect};
use crate::{
    DataError, Engine, Row,
    connection::{StatementOutput, StatementResult},
    row::EngineRow,
};

/// Steps of SQLite's virtual machine between two checks, which are some tens of microseconds.
const STEPS_BETWEEN_CHECKS: i32 = 10_000;

/// Ends the statement that runs on the thread of a connection.
#[derive(Debug, Default)]
pub(crate) struct Interrupt(AtomicBool);

impl Interrupt {
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn fault(error: sqlx::Error) -> DataError {
    DataError::of_engine(Engine::Sqlite, error)
}

pub(super) async fn connect(
    options: &SqliteConnectOptions,
) -> Result<(SqliteConnection, Arc<Interrupt>), DataError> {
    let mut connection = SqliteConnection::connect_with(options)
        .await
        .map_err(fault)?;
    let interrupt = Arc::new(Interrupt::default());
    let watched = Arc::clone(&interrupt);
    connection
        .lock_handle()
        .await
        .map_err(fault)?
        .set_progress_handler(STEPS_BETWEEN_CHECKS, move || {
            !watched.0.load(Ordering::Relaxed)
        });
    Ok((connection, interrupt))
}

pub(super) async fn run(
    connection: &mut SqliteConnection,
    text: AssertSqlSafe<Arc<str>>,
    values: &[crate::Value],
    limit: RowLimit,
) -> Result<StatementOutput, DataError> {
    let query = sqlx::query_with(text, arguments::of_sqlite(values)?);
    let stream = connection.fetch_many(query);
    collect(Engine::Sqlite, stream, limit, row, done).await
}

pub(super) async fn run_plain(
    connection: &mut SqliteConnection,
    text: String,
) -> Result<(), DataError> {
    let query = sqlx::raw_sql(AssertSqlSafe(text));
    connection.execute(query).await.map(drop).map_err(fault)
}

fn row(row: SqliteRow) -> Row {
    Row(EngineRow::Sqlite(row))
}

fn done(result: SqliteQueryResult) -> StatementResult {
    StatementResult {
        rows_affected: result.rows_affected(),
        last_insert_id: Some(result.last_insert_rowid()),
    }
}
