use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    migration::MigrationSet,
    text::{Reader, statements},
};
use crate::{
    DataError, DataErrorKind, Engine, FromColumn, Row, Value,
    driver::{Driver, RowLimit},
    pool::{Lease, Work},
};

/// The timeout of a statement, which may build an index of a whole table.
const MAX_LENGTH: Duration = Duration::from_secs(60 * 60);
/// Maximum number of rows of a history, more than a service has migrations.
const MAX_ROWS: u32 = 100_000;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS {name} (
    version {bigint} NOT NULL PRIMARY KEY,
    name {string} NOT NULL,
    checksum {string} NOT NULL,
    applied_at {timestamp} NOT NULL,
    unfinished {boolean} NOT NULL
)";

/// A migration in the history of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Applied {
    pub(super) version: u32,
    pub(super) name: String,
    pub(super) checksum: String,
    pub(super) unfinished: bool,
}

/// Executes statements of migrations over one connection, with their own timeout.
pub(super) struct Session<'a>(pub(super) &'a mut Lease);

impl Session<'_> {
    pub(super) fn engine(&self) -> Engine {
        self.0.driver().map_or(Engine::Sqlite, Driver::engine)
    }

    pub(super) fn reader(&self) -> Reader {
        let is_mariadb =
            matches!(self.0.driver(), Some(Driver::MySql(_, session)) if session.is_mariadb);
        Reader::new(self.engine(), is_mariadb)
    }

    /// Whether each transaction may run on another connection to the server.
    pub(super) fn is_pooled(&self) -> bool {
        matches!(self.0.driver(), Some(Driver::Postgres(_, session)) if session.is_pooled())
    }

    pub(super) async fn run(&mut self, text: &str) -> Result<(), DataError> {
        let limit = Instant::now() + MAX_LENGTH;
        let work = Work::Plain(text);
        self.0.run_until(work, limit, false).await.map(drop)
    }

    pub(super) async fn query(
        &mut self,
        text: &str,
        values: &[Value],
    ) -> Result<Vec<Row>, DataError> {
        let limit = Instant::now() + MAX_LENGTH;
        let work = Work::Prepared(Arc::from(text), values, RowLimit::UpTo(MAX_ROWS));
        Ok(self.0.run_until(work, limit, false).await?.rows)
    }

    pub(super) fn placeholder(&self, position: usize) -> String {
        match self.engine() {
            Engine::Postgres => format!("${position}"),
            Engine::MySql | Engine::Sqlite => "?".to_owned(),
        }
    }
}

/// Returns the first value of the first row.
pub(super) async fn value<T: FromColumn>(
    session: &mut Session<'_>,
    text: &str,
) -> Result<T, DataError> {
    let rows = session.query(text, &[]).await?;
    rows.first().ok_or_else(DataError::not_found)?.get_at(0)
}

/// Returns the table of the history of a set.
pub(super) fn table(set: &MigrationSet) -> String {
    if set.name().is_empty() {
        "schema_history".to_owned()
    } else {
        format!("schema_history_{}", set.name())
    }
}

pub(super) async fn make_table(
    session: &mut Session<'_>,
    set: &MigrationSet,
) -> Result<(), DataError> {
    let text = TABLE.replace("{name}", &table(set));
    for statement in statements(&text, session.reader())? {
        session.run(&statement).await?;
    }
    Ok(())
}

/// Returns whether a table exists.
pub(super) async fn table_exists(
    session: &mut Session<'_>,
    table: &str,
) -> Result<bool, DataError> {
    let exists = match session.engine() {
        Engine::Postgres => format!("SELECT to_regclass('{table}') IS NOT NULL"),
        Engine::MySql => format!(
            "SELECT count(*) > 0 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = '{table}'"
        ),
        Engine::Sqlite => format!(
            "SELECT count(*) > 0 FROM sqlite_master WHERE type = 'table' AND name = '{table}'"
        ),
    };
    value(session, &exists).await
}

/// Returns the applied migrations, the oldest first. Returns none if the table is missing. Changes
/// nothing.
pub(super) async fn read(
    session: &mut Session<'_>,
    set: &MigrationSet,
) -> Result<Vec<Applied>, DataError> {
    let table = table(set);
    if !table_exists(session, &table).await? {
        return Ok(Vec::new());
    }
    let text = format!("SELECT version, name, checksum, unfinished FROM {table} ORDER BY version");
    let rows = session.query(&text, &[]).await?;
    let applied = rows.iter().map(|row| {
        Ok(Applied {
            version: row.get_at(0)?,
            name: row.get_at(1)?,
            checksum: row.get_at(2)?,
            unfinished: row.get_at(3)?,
        })
    });
    applied.collect()
}

pub(super) async fn add(
    session: &mut Session<'_>,
    set: &MigrationSet,
    applied: &Applied,
) -> Result<(), DataError> {
    let placeholders: Vec<String> = (1..=5)
        .map(|position| session.placeholder(position))
        .collect();
    let text = format!(
        "INSERT INTO {} (version, name, checksum, applied_at, unfinished) VALUES ({})",
        table(set),
        placeholders.join(", ")
    );
    let values = [
        applied.version.into(),
        applied.name.as_str().into(),
        applied.checksum.as_str().into(),
        chrono::Utc::now().into(),
        applied.unfinished.into(),
    ];
    session.query(&text, &values).await.map(drop)
}

/// Records that a migration is complete.
pub(super) async fn finish(
    session: &mut Session<'_>,
    set: &MigrationSet,
    version: u32,
) -> Result<(), DataError> {
    let (no, at) = (session.placeholder(1), session.placeholder(2));
    let text = format!(
        "UPDATE {} SET unfinished = {no} WHERE version = {at}",
        table(set)
    );
    session
        .query(&text, &[false.into(), version.into()])
        .await
        .map(drop)
}

/// Records that a migration is being undone.
pub(super) async fn mark(
    session: &mut Session<'_>,
    set: &MigrationSet,
    version: u32,
) -> Result<(), DataError> {
    let (yes, at) = (session.placeholder(1), session.placeholder(2));
    let text = format!(
        "UPDATE {} SET unfinished = {yes} WHERE version = {at}",
        table(set)
    );
    session
        .query(&text, &[true.into(), version.into()])
        .await
        .map(drop)
}

pub(super) async fn remove(
    session: &mut Session<'_>,
    set: &MigrationSet,
    version: u32,
) -> Result<(), DataError> {
    let text = format!(
        "DELETE FROM {} WHERE version = {}",
        table(set),
        session.placeholder(1)
    );
    session.query(&text, &[version.into()]).await.map(drop)
}

pub(super) fn migration_error(problem: impl Into<String>) -> DataError {
    DataError::new(DataErrorKind::Migration, problem.into())
}
