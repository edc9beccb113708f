use seaworthy_core::{Secret, error_chain};
use seaworthy_service::private_files::{self, PrivateFileError};
use sqlx::{
    ConnectOptions as _,
    mysql::MySqlConnectOptions,
    postgres::PgConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{Driver, mysql, postgres, sqlite};
use crate::{DataError, DataErrorKind, DatabaseConfig, DatabaseUrl, Engine};

/// Maximum number of prepared statements per connection, more than a service has.
const PREPARED: usize = 256;

/// The server or file to which the connections lead.
pub(crate) enum Target {
    Postgres(Box<PgConnectOptions>),
    MySql(Box<MySqlConnectOptions>),
    Sqlite(Box<SqliteConnectOptions>),
}

impl Target {
    pub(crate) fn new(url: &DatabaseUrl, config: &DatabaseConfig) -> Result<Self, DataError> {
        let wrong = |error| DataError::of_engine(url.engine(), error);
        let parsed = || {
            url.url().ok_or_else(|| {
                DataError::new(DataErrorKind::InvalidSettings, "the URL cannot be read")
            })
        };
        match url.engine() {
            Engine::Postgres => {
                let mut options = PgConnectOptions::from_url(&parsed()?).map_err(wrong)?;
                if config.transaction_pooling {
                    // Poolers reject this parameter. Values are binary, so it has no effect.
                    options = options.extra_float_digits(None);
                }
                let options = options.statement_cache_capacity(PREPARED);
                Ok(Self::Postgres(Box::new(
                    options.disable_statement_logging(),
                )))
            }
            Engine::MySql => {
                let options = MySqlConnectOptions::from_url(&parsed()?).map_err(wrong)?;
                let options = options
                    .statement_cache_capacity(PREPARED)
                    .charset("utf8mb4");
                Ok(Self::MySql(Box::new(options.disable_statement_logging())))
            }
            Engine::Sqlite => {
                let options = match url.file() {
                    Some(file) => SqliteConnectOptions::new()
                        .filename(private_files::open_database(&file).map_err(not_private)?)
                        // SQLite creates files that other users can read.
                        .create_if_missing(false)
                        .journal_mode(SqliteJournalMode::Wal),
                    None => SqliteConnectOptions::new().in_memory(true),
                };
                let options = options
                    .foreign_keys(true)
                    // A commit survives a power failure, as on the other engines.
                    .synchronous(SqliteSynchronous::Full)
                    .busy_timeout(config.lock_timeout.get())
                    .statement_cache_capacity(PREPARED);
                Ok(Self::Sqlite(Box::new(options.disable_statement_logging())))
            }
        }
    }

    pub(crate) async fn connect(&self, config: &DatabaseConfig) -> Result<Driver, DataError> {
        // A rotated password is valid for new connections (CONF-5).
        let password = config.password.as_ref().map(Secret::current);
        match self {
            Self::Postgres(options) => {
                let mut options = (**options).clone();
                if let Some(password) = password {
                    options = options.password(password.expose());
                }
                let (connection, session) = postgres::connect(&options, config).await?;
                Ok(Driver::Postgres(connection, session))
            }
            Self::MySql(options) => {
                let mut options = (**options).clone();
                if let Some(password) = password {
                    options = options.password(password.expose());
                }
                let (connection, session) = mysql::connect(&options, config).await?;
                Ok(Driver::MySql(connection, session))
            }
            Self::Sqlite(options) => {
                let (connection, interrupt) = sqlite::connect(options).await?;
                Ok(Driver::Sqlite(connection, interrupt))
            }
        }
    }
}

/// Converts an error of a private file. The message contains its causes.
fn not_private(error: PrivateFileError) -> DataError {
    let kind = match error {
        PrivateFileError::Open { .. } => DataErrorKind::ConnectionFailed,
        _ => DataErrorKind::InvalidSettings,
    };
    DataError::new(kind, error_chain(&error))
}
