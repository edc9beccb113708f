use std::sync::Arc;

use sqlx::{
    AssertSqlSafe, Executor as _, PgConnection,
    postgres::{PgConnectOptions, PgQueryResult, PgRow},
};

use super::{RowLimit, arguments, collect::collect};
use crate::{
    DataError, DatabaseConfig, Engine, Row, Value,
    connection::{StatementOutput, StatementResult},
    row::EngineRow,
};

/// How often a server checks during a statement that its client is connected.
const CLIENT_CHECK_INTERVAL: &str = "1s";
/// The first version with this check (server_version_num).
const MIN_VERSION_WITH_CLIENT_CHECK: u32 = 140_000;

fn fault(error: sqlx::Error) -> DataError {
    DataError::of_engine(Engine::Postgres, error)
}

/// A session on the server, or on a pooler in transaction mode.
///
/// With a pooler, each transaction may run on another connection to the server. Settings of the
/// session and named statements therefore do not exist, and each statement runs in a transaction.
#[derive(Debug)]
pub(crate) struct PostgresSession {
    /// The settings of each transaction through a pooler.
    local: Option<String>,
    is_in_transaction: bool,
}

/// Opens a connection and sets the timeouts of its session.
pub(super) async fn connect(
    options: &PgConnectOptions,
    config: &DatabaseConfig,
) -> Result<(PgConnection, PostgresSession), DataError> {
    use sqlx::Connection as _;
    let mut connection = PgConnection::connect_with(options).await.map_err(fault)?;
    let mut settings = vec![
        format!(
            "statement_timeout = {}",
            config.statement_timeout.get().as_millis()
        ),
        format!("lock_timeout = {}", config.lock_timeout.get().as_millis()),
        format!(
            "idle_in_transaction_session_timeout = {}",
            config.transaction_timeout.get().as_millis()
        ),
        "TIME ZONE 'UTC'".to_owned(),
    ];
    if connection
        .server_version_num()
        .is_some_and(|version| version >= MIN_VERSION_WITH_CLIENT_CHECK)
    {
        settings.push(format!(
            "client_connection_check_interval = '{CLIENT_CHECK_INTERVAL}'"
        ));
    }
    let set = |scope: &str| format!("{scope} {}", settings.join(&format!("; {scope} ")));
    let session = PostgresSession {
        local: config.transaction_pooling.then(|| set("SET LOCAL")),
        is_in_transaction: false,
    };
    if session.local.is_none() {
        execute(&mut connection, set("SET")).await?;
    }
    Ok((connection, session))
}

impl PostgresSession {
    /// Whether each transaction may run on another connection to the server.
    pub(crate) const fn is_pooled(&self) -> bool {
        self.local.is_some()
    }

    /// Replaces the settings of the transactions through a pooler.
    pub(crate) fn set_local(&mut self, settings: &str) {
        self.local = Some(settings.to_owned());
    }

    pub(super) async fn run(
        &mut self,
        connection: &mut PgConnection,
        text: AssertSqlSafe<Arc<str>>,
        values: &[Value],
        limit: RowLimit,
    ) -> Result<StatementOutput, DataError> {
        let query = sqlx::query_with(text, arguments::of_postgres(values)?);
        let query = query.persistent(!self.is_pooled());
        if !self.is_pooled() || self.is_in_transaction {
            let stream = connection.fetch_many(query);
            return collect(Engine::Postgres, stream, limit, row, done).await;
        }
        let outcome = match self.run_plain(connection, "BEGIN".to_owned()).await {
            Ok(()) => {
                let stream = connection.fetch_many(query);
                collect(Engine::Postgres, stream, limit, row, done).await
            }
            Err(error) => Err(error),
        };
        match outcome {
            Ok(output) => {
                let committed = self.run_plain(connection, "COMMIT".to_owned()).await;
                committed.map(|()| output)
            }
            // Closing the connection rolls back.
            Err(error) if error.ends_connection() => Err(error),
            Err(error) => {
                let rolled_back = self.run_plain(connection, "ROLLBACK".to_owned()).await;
                rolled_back.and(Err(error))
            }
        }
    }

    pub(super) async fn run_plain(
        &mut self,
        connection: &mut PgConnection,
        mut text: String,
    ) -> Result<(), DataError> {
        if let Some(local) = &self.local {
            if text.starts_with("BEGIN") {
                self.is_in_transaction = true;
                text = format!("{text}; {local}");
            } else if text == "COMMIT" || text == "ROLLBACK" {
                self.is_in_transaction = false;
            }
        }
        execute(connection, text).await
    }
}

async fn execute(connection: &mut PgConnection, text: String) -> Result<(), DataError> {
    let query = sqlx::raw_sql(AssertSqlSafe(text));
    connection.execute(query).await.map(drop).map_err(fault)
}

fn row(row: PgRow) -> Row {
    Row(EngineRow::Postgres(row))
}

fn done(result: PgQueryResult) -> StatementResult {
    StatementResult {
        rows_affected: result.rows_affected(),
        last_insert_id: None,
    }
}
