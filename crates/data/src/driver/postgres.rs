use std::sync::Arc;

use sqlx::{
    AssertSqlSafe, Executor as _, PgConnection,
    postgres::{PgConnectOptions, PgQueryResult, PgRow},
};

use super::{RowLimit, arguments, collect::collect};
use crate::{
    DataError, DatabaseConfig, Engine, Row,
    connection::{Done, StatementOutput},
    row::EngineRow,
};

/// How often a working server checks that its client is connected.
const LOOK_FOR_CLIENT: &str = "1s";
/// The first version with this check (server_version_num).
const LOOKS_SINCE: u32 = 140_000;

fn fault(error: sqlx::Error) -> DataError {
    DataError::of_engine(Engine::Postgres, error)
}

/// Opens a connection and sets the timeouts of its session.
pub(super) async fn connect(
    options: &PgConnectOptions,
    config: &DatabaseConfig,
) -> Result<PgConnection, DataError> {
    use sqlx::Connection as _;
    let mut connection = PgConnection::connect_with(options).await.map_err(fault)?;
    let mut settings = format!(
        "SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}; SET TIME ZONE 'UTC'",
        config.statement_timeout.get().as_millis(),
        config.lock_timeout.get().as_millis(),
        config.transaction_timeout.get().as_millis(),
    );
    if connection
        .server_version_num()
        .is_some_and(|version| version >= LOOKS_SINCE)
    {
        settings.push_str("; SET client_connection_check_interval = '");
        settings.push_str(LOOK_FOR_CLIENT);
        settings.push('\'');
    }
    run_plain(&mut connection, settings).await?;
    Ok(connection)
}

pub(super) async fn run(
    connection: &mut PgConnection,
    text: AssertSqlSafe<Arc<str>>,
    values: &[crate::Value],
    limit: RowLimit,
) -> Result<StatementOutput, DataError> {
    let query = sqlx::query_with(text, arguments::of_postgres(values)?);
    let stream = connection.fetch_many(query);
    collect(Engine::Postgres, stream, limit, row, done).await
}

pub(super) async fn run_plain(
    connection: &mut PgConnection,
    text: String,
) -> Result<(), DataError> {
    let query = sqlx::raw_sql(AssertSqlSafe(text));
    connection.execute(query).await.map(drop).map_err(fault)
}

fn row(row: PgRow) -> Row {
    Row(EngineRow::Postgres(row))
}

fn done(result: PgQueryResult) -> Done {
    Done {
        rows_affected: result.rows_affected(),
        last_insert_id: None,
    }
}
