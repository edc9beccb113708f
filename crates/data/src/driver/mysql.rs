use std::sync::Arc;

use sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, MySqlConnection, Row as _,
    mysql::{MySqlConnectOptions, MySqlQueryResult, MySqlRow},
};

use super::{RowLimit, arguments, collect::collect};
use crate::{
    DataError, DatabaseConfig, Engine, Row,
    connection::{StatementOutput, StatementResult},
    row::EngineRow,
};

/// A session on the server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MySqlSession {
    /// The number that `KILL` takes.
    pub(crate) id: u64,
    /// Whether the server is MariaDB.
    pub(crate) is_mariadb: bool,
}

/// Standard SQL: `"` quotes names, `||` concatenates, a backslash is a character, and a value that
/// does not fit is an error.
const SQL_MODE: &str = "ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,ONLY_FULL_GROUP_BY";

fn fault(error: sqlx::Error) -> DataError {
    DataError::of_engine(Engine::MySql, error)
}

/// Opens a connection and sets the timeouts of its session.
pub(super) async fn connect(
    options: &MySqlConnectOptions,
    config: &DatabaseConfig,
) -> Result<(MySqlConnection, MySqlSession), DataError> {
    let mut connection = MySqlConnection::connect_with(options)
        .await
        .map_err(fault)?;
    let statement = sqlx::raw_sql("SELECT VERSION(), CONNECTION_ID()");
    let row = connection.fetch_one(statement).await.map_err(fault)?;
    let version: String = row.try_get(0).map_err(fault)?;
    let id: u64 = row.try_get(1).map_err(fault)?;
    let is_mariadb = version.contains("MariaDB");
    let limit = config.statement_timeout.get();
    // MySQL limits only reads. MariaDB limits all statements.
    let statement = if is_mariadb {
        format!("max_statement_time = {:.3}", limit.as_secs_f64())
    } else {
        format!("max_execution_time = {}", limit.as_millis())
    };
    let idle = if is_mariadb {
        let seconds = config.transaction_timeout.get().as_secs().max(1);
        format!(", idle_transaction_timeout = {seconds}")
    } else {
        String::new()
    };
    // Whole seconds, at least one.
    let lock = config.lock_timeout.get().as_secs().max(1);
    run_plain(
        &mut connection,
        format!("SET SESSION sql_mode = '{SQL_MODE}', {statement}, innodb_lock_wait_timeout = {lock}{idle}"),
    )
    .await?;
    // As on PostgreSQL. The default of MySQL holds more locks.
    let isolation = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED".to_owned();
    run_plain(&mut connection, isolation).await?;
    Ok((connection, MySqlSession { id, is_mariadb }))
}

pub(super) async fn run(
    connection: &mut MySqlConnection,
    text: AssertSqlSafe<Arc<str>>,
    values: &[crate::Value],
    limit: RowLimit,
) -> Result<StatementOutput, DataError> {
    let query = sqlx::query_with(text, arguments::of_mysql(values)?);
    let stream = connection.fetch_many(query);
    collect(Engine::MySql, stream, limit, row, done).await
}

pub(super) async fn run_plain(
    connection: &mut MySqlConnection,
    text: String,
) -> Result<(), DataError> {
    let query = sqlx::raw_sql(AssertSqlSafe(text));
    connection.execute(query).await.map(drop).map_err(fault)
}

fn row(row: MySqlRow) -> Row {
    Row(EngineRow::MySql(row))
}

fn done(result: MySqlQueryResult) -> StatementResult {
    StatementResult {
        rows_affected: result.rows_affected(),
        last_insert_id: i64::try_from(result.last_insert_id()).ok(),
    }
}
