//! Moves the legacy tables to another schema or name, and back.

use super::{
    super::{
        history::{self, Session, migration_error, table_exists, value},
        migration::MigrationSet,
        text::created_tables,
    },
    LEGACY,
    definition::Adoption,
    mark,
};
use crate::{DataError, Engine};

/// Returns the prefix of the name of a legacy table after the move.
pub(super) fn legacy_prefix(engine: Engine) -> String {
    match engine {
        Engine::Postgres => format!("{LEGACY}."),
        Engine::MySql | Engine::Sqlite => format!("{LEGACY}_"),
    }
}

/// Returns a message for each existing name that the move or the migrations need.
pub(super) async fn name_conflicts(
    session: &mut Session<'_>,
    adoption: &Adoption,
    sets: &[MigrationSet],
) -> Result<Vec<String>, DataError> {
    let mut problems = foreign_tables(session, adoption, sets).await?;
    if session.engine() == Engine::Postgres {
        let text = format!("SELECT to_regnamespace('{LEGACY}') IS NOT NULL");
        if value::<bool>(session, &text).await? {
            problems.push(format!("the schema {LEGACY} exists: rename or drop it"));
        }
        return Ok(problems);
    }
    for table in adoption.tables {
        let name = format!("{}{}", legacy_prefix(session.engine()), table.name);
        if table_exists(session, &name).await? {
            problems.push(format!("the table {name} exists: rename or drop it"));
        }
    }
    Ok(problems)
}

/// Returns the tables of other programs with the names of tables that the migrations create. On
/// MySQL the failed adoption would drop them.
async fn foreign_tables(
    session: &mut Session<'_>,
    adoption: &Adoption,
    sets: &[MigrationSet],
) -> Result<Vec<String>, DataError> {
    // A migration may name the schema.
    let is_legacy = |name: &str| {
        let name = name.rsplit('.').next().unwrap_or(name);
        adoption.tables.iter().any(|table| table.name == name)
    };
    let mut problems = Vec::new();
    for set in sets {
        if !history::read(session, set).await?.is_empty() {
            continue;
        }
        for name in created_tables(set, session.reader())? {
            if !is_legacy(&name) && table_exists(session, &name).await? {
                problems.push(format!(
                    "the table {name} belongs to another program: rename it, or move it to another database"
                ));
            }
        }
    }
    Ok(problems)
}

/// Rejects a database in which a table of the copy is missing. Without it, the undo would lose the
/// rows of this table.
pub(super) async fn require_copy(
    session: &mut Session<'_>,
    adoption: &Adoption,
) -> Result<(), DataError> {
    let prefix = legacy_prefix(session.engine());
    let mut missing = Vec::new();
    for table in adoption.tables {
        let name = format!("{prefix}{}", table.name);
        if !table_exists(session, &name).await? {
            missing.push(name);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(migration_error(format!(
        "nothing was changed: the copy of the legacy tables is not complete ({} missing): restore these tables from a backup",
        missing.join(", ")
    )))
}

/// Prevents reads and writes of other connections until the end of the transaction. On MySQL the
/// move itself does.
pub(super) async fn lock(session: &mut Session<'_>, adoption: &Adoption) -> Result<(), DataError> {
    if session.engine() != Engine::Postgres {
        return Ok(());
    }
    let names: Vec<&str> = adoption.tables.iter().map(|table| table.name).collect();
    let text = format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", names.join(", "));
    session.run(&text).await
}

/// Moves the legacy tables to the schema or the names of the copy.
pub(super) async fn move_to_copy(
    session: &mut Session<'_>,
    adoption: &Adoption,
) -> Result<(), DataError> {
    let prefix = legacy_prefix(session.engine());
    match session.engine() {
        Engine::Postgres => {
            session.run(&format!("CREATE SCHEMA {LEGACY}")).await?;
            for table in adoption.tables {
                let text = format!("ALTER TABLE {} SET SCHEMA {LEGACY}", table.name);
                session.run(&text).await?;
            }
        }
        // One statement, so that all tables move or none.
        Engine::MySql => {
            let renames = adoption.tables.iter();
            let renames: Vec<String> = renames
                .map(|table| format!("{} TO {prefix}{}", table.name, table.name))
                .collect();
            let text = format!("RENAME TABLE {}", renames.join(", "));
            session.run(&text).await?;
        }
        Engine::Sqlite => {
            for table in adoption.tables {
                let text = format!("ALTER TABLE {} RENAME TO {prefix}{0}", table.name);
                session.run(&text).await?;
            }
        }
    }
    Ok(())
}

/// Drops the tables that the adoption created and moves the legacy tables back. It may run again
/// after an interruption.
pub(super) async fn restore(
    session: &mut Session<'_>,
    adoption: &Adoption,
    sets: &[MigrationSet],
) -> Result<(), DataError> {
    let Some(mark) = mark::read(session).await? else {
        return Ok(());
    };
    let prefix = legacy_prefix(session.engine());
    let mut moved = Vec::new();
    for table in adoption.tables {
        let name = format!("{prefix}{}", table.name);
        if table_exists(session, &name).await? {
            moved.push(table.name);
        }
    }
    if !moved.is_empty() {
        let sets: Vec<&MigrationSet> = sets
            .iter()
            .filter(|set| mark.sets.iter().any(|name| name == set.name()))
            .collect();
        drop_tables(session, &sets, &moved).await?;
        rename_back(session, &moved, &prefix).await?;
    }
    mark::remove(session).await
}

async fn drop_tables(
    session: &mut Session<'_>,
    sets: &[&MigrationSet],
    moved: &[&str],
) -> Result<(), DataError> {
    let mut tables = Vec::new();
    for set in sets {
        let created = created_tables(set, session.reader())?;
        // The legacy service may have started since the adoption and created its tables.
        if history::read(session, set).await?.is_empty() {
            for name in created.iter().filter(|name| moved.contains(&name.as_str())) {
                if table_exists(session, name).await? {
                    return Err(migration_error(format!(
                        "the legacy service created the table {name} during the adoption: stop it, move its rows to {}{name}, drop {name}, and run `migrate adopt` again",
                        legacy_prefix(session.engine())
                    )));
                }
            }
        }
        tables.extend(created);
    }
    for name in tables.iter().rev() {
        session.run(&format!("DROP TABLE IF EXISTS {name}")).await?;
    }
    for set in sets {
        let text = format!("DROP TABLE IF EXISTS {}", history::table(set));
        session.run(&text).await?;
    }
    Ok(())
}

async fn rename_back(
    session: &mut Session<'_>,
    moved: &[&str],
    prefix: &str,
) -> Result<(), DataError> {
    match session.engine() {
        Engine::Postgres => {
            let schema: String = value(session, "SELECT CAST(current_schema() AS text)").await?;
            for name in moved {
                let text = format!("ALTER TABLE {prefix}{name} SET SCHEMA \"{schema}\"");
                session.run(&text).await?;
            }
            session.run(&format!("DROP SCHEMA {LEGACY}")).await
        }
        Engine::MySql => {
            let renames = moved.iter().map(|name| format!("{prefix}{name} TO {name}"));
            let renames: Vec<String> = renames.collect();
            session
                .run(&format!("RENAME TABLE {}", renames.join(", ")))
                .await
        }
        Engine::Sqlite => {
            for name in moved {
                let text = format!("ALTER TABLE {prefix}{name} RENAME TO {name}");
                session.run(&text).await?;
            }
            Ok(())
        }
    }
}
