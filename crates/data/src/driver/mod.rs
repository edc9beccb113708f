//! One connection of any engine. Only this module calls the driver.
//!
//! The module uses the typed connections of sqlx, because `Any` lacks UUIDs and timestamps. It does
//! not use its pool, which validates a connection twice per statement and reports a refused
//! connection as a timeout. That pool also has no metric of waits, and reuses a connection whose
//! statement still runs.

mod arguments;
mod collect;
mod mysql;
mod postgres;
mod sqlite;
mod target;

use std::{sync::Arc, time::Duration};

use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, PgConnection, SqliteConnection};

pub(crate) use mysql::MySqlSession;
pub(crate) use postgres::PostgresSession;
pub(crate) use sqlite::Interrupt;
pub(crate) use target::Target;

use crate::{DataError, Engine, Value, connection::StatementOutput};

/// One connection.
pub(crate) enum Driver {
    Postgres(PgConnection, PostgresSession),
    MySql(MySqlConnection, MySqlSession),
    Sqlite(SqliteConnection, Arc<Interrupt>),
}

/// How many rows are read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RowLimit {
    /// This many. Further rows are discarded.
    First(u32),
    /// All, up to this many. More rows are an error.
    UpTo(u32),
}

impl Driver {
    pub(crate) const fn engine(&self) -> Engine {
        match self {
            Self::Postgres(..) => Engine::Postgres,
            Self::MySql(..) => Engine::MySql,
            Self::Sqlite(..) => Engine::Sqlite,
        }
    }

    /// Executes a prepared statement.
    pub(crate) async fn run(
        &mut self,
        text: Arc<str>,
        values: &[Value],
        limit: RowLimit,
    ) -> Result<StatementOutput, DataError> {
        let text = AssertSqlSafe(text);
        match self {
            Self::Postgres(connection, session) => {
                session.run(connection, text, values, limit).await
            }
            Self::MySql(connection, _) => mysql::run(connection, text, values, limit).await,
            Self::Sqlite(connection, _) => sqlite::run(connection, text, values, limit).await,
        }
    }

    /// Executes statements without values, such as `BEGIN` or those of a migration.
    pub(crate) async fn run_plain(&mut self, text: &str) -> Result<(), DataError> {
        let text = text.to_owned();
        match self {
            Self::Postgres(connection, session) => session.run_plain(connection, text).await,
            Self::MySql(connection, _) => mysql::run_plain(connection, text).await,
            Self::Sqlite(connection, _) => sqlite::run_plain(connection, text).await,
        }
    }

    /// Checks that the server responds.
    pub(crate) async fn ping(&mut self) -> Result<(), DataError> {
        let engine = self.engine();
        let answered = match self {
            Self::Postgres(connection, _) => connection.ping().await,
            Self::MySql(connection, _) => connection.ping().await,
            Self::Sqlite(connection, _) => connection.ping().await,
        };
        answered.map_err(|error| DataError::of_engine(engine, error))
    }

    /// Closes the connection in order, within `limit`.
    pub(crate) async fn close(self, limit: Duration) {
        let closing = async {
            match self {
                Self::Postgres(connection, _) => connection.close().await,
                Self::MySql(connection, _) => connection.close().await,
                Self::Sqlite(connection, _) => connection.close().await,
            }
        };
        let _ = tokio::time::timeout(limit, closing).await;
    }
}
