//! Rejections of a start or a migration on a database of another program. They change nothing.

use super::{
    super::{
        history::{self, Session, migration_error, table_exists},
        migration::MigrationSet,
        text::created_tables,
    },
    mark,
};
use crate::DataError;

/// Rejects a database of the legacy service, and one whose adoption was interrupted.
pub(in super::super) async fn reject_legacy(
    session: &mut Session<'_>,
    sets: &[MigrationSet],
) -> Result<(), DataError> {
    for set in sets {
        let Some(adoption) = set.adoption() else {
            continue;
        };
        if mark::read(session)
            .await?
            .is_some_and(|mark| mark.unfinished)
        {
            return Err(mark::interrupted());
        }
        if adoption.engine != session.engine() || !history::read(session, set).await?.is_empty() {
            continue;
        }
        let mut is_legacy = true;
        for table in adoption.tables {
            is_legacy &= table_exists(session, table.name).await?;
        }
        if is_legacy {
            return Err(migration_error(format!(
                "the database belongs to {}: stop that service, back the database up and run `migrate adopt`",
                adoption.name
            )));
        }
    }
    Ok(())
}

/// Rejects tables that the migrations of the set would create, if it has no history.
pub(in super::super) async fn reject_foreign_tables(
    session: &mut Session<'_>,
    set: &MigrationSet,
) -> Result<(), DataError> {
    let mut foreign = Vec::new();
    for name in created_tables(set, session.reader())? {
        if table_exists(session, &name).await? {
            foreign.push(name);
        }
    }
    // Another process may have migrated the database in the meantime. Read the history last.
    if foreign.is_empty() || !history::read(session, set).await?.is_empty() {
        return Ok(());
    }
    Err(migration_error(format!(
        "tables of another program have the names of tables of this service ({}): use an empty database",
        foreign.join(", ")
    )))
}
