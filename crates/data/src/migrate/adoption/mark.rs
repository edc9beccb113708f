//! The table that records an adoption, with one row per set of migrations that it started.

use super::super::{
    history::{self, Session, migration_error, table_exists},
    migration::MigrationSet,
    text::statements,
};
use crate::DataError;

const TABLE: &str = "schema_adoption";
const CREATE: &str = "CREATE TABLE schema_adoption (
    name {string} NOT NULL PRIMARY KEY,
    adopted_at {timestamp} NOT NULL,
    unfinished {boolean} NOT NULL
)";

/// A recorded adoption.
#[derive(Debug)]
pub(super) struct Mark {
    /// The names of the sets whose tables the adoption creates.
    pub(super) sets: Vec<String>,
    pub(super) unfinished: bool,
}

/// Returns the recorded adoption. Changes nothing.
pub(super) async fn read(session: &mut Session<'_>) -> Result<Option<Mark>, DataError> {
    if !table_exists(session, TABLE).await? {
        return Ok(None);
    }
    let text = format!("SELECT name, unfinished FROM {TABLE}");
    let rows = session.query(&text, &[]).await?;
    let mut mark = Mark {
        sets: Vec::new(),
        // MySQL commits the table before its first row.
        unfinished: rows.is_empty(),
    };
    for row in rows {
        mark.sets.push(row.get_at(0)?);
        mark.unfinished |= row.get_at::<bool>(1)?;
    }
    Ok(Some(mark))
}

/// Records an unfinished adoption. It creates the tables of the sets without a history.
pub(super) async fn create(
    session: &mut Session<'_>,
    sets: &[MigrationSet],
) -> Result<(), DataError> {
    let mut fresh = Vec::new();
    for set in sets {
        if history::read(session, set).await?.is_empty() {
            fresh.push(set.name());
        }
    }
    for statement in statements(CREATE, session.reader())? {
        session.run(&statement).await?;
    }
    let placeholders: Vec<String> = (1..=3)
        .map(|position| session.placeholder(position))
        .collect();
    let text = format!(
        "INSERT INTO {TABLE} (name, adopted_at, unfinished) VALUES ({})",
        placeholders.join(", ")
    );
    for name in fresh {
        let values = [name.into(), chrono::Utc::now().into(), true.into()];
        session.query(&text, &values).await?;
    }
    Ok(())
}

/// Records that the adoption is complete, or is being undone.
pub(super) async fn set_unfinished(
    session: &mut Session<'_>,
    unfinished: bool,
) -> Result<(), DataError> {
    let text = format!("UPDATE {TABLE} SET unfinished = {}", session.placeholder(1));
    session.query(&text, &[unfinished.into()]).await.map(drop)
}

pub(super) async fn remove(session: &mut Session<'_>) -> Result<(), DataError> {
    session.run("DROP TABLE schema_adoption").await
}

pub(super) fn interrupted() -> DataError {
    migration_error("an adoption of this database was interrupted: run `migrate adopt` again")
}
