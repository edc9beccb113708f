use serde::Serialize;

use super::{
    super::{
        history::{self, Session, migration_error, value},
        migration::MigrationSet,
        migrator::{Migrator, Run, Step},
        text::statements,
    },
    definition::Adoption,
    fingerprint, mark, relocate,
};
use crate::{DataError, Engine, pool::Lease};

/// The result of an adoption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdoptionReport {
    /// The name of the adoption.
    pub adoption: String,
    /// The legacy tables and their rows.
    pub tables: Vec<AdoptedTable>,
    /// The applied migrations.
    pub migrations: Vec<Step>,
    /// The statements that copied the rows.
    pub statements: Vec<String>,
}

/// A legacy table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdoptedTable {
    /// The name.
    pub name: String,
    /// The number of rows.
    pub rows: i64,
}

impl Migrator<'_> {
    /// Adopts the database of the legacy service. With `dry_run` it verifies the database and
    /// returns the plan.
    ///
    /// The legacy tables remain as a copy: in the schema `legacy` on PostgreSQL, with the prefix
    /// `legacy_` elsewhere. No legacy service may run.
    ///
    /// # Errors
    /// No set has an [`Adoption`], the database has migrations already, or its tables differ from
    /// the declared ones. Also if rows cannot be converted, or a statement fails. The database then
    /// does not change. If the connection is lost on MySQL, call this function again.
    pub async fn adopt(&self, dry_run: bool) -> Result<AdoptionReport, DataError> {
        let (set, adoption) = self.adoption()?;
        let mut lease = self.begin(dry_run).await?;
        let done = self
            .adopt_with(&mut lease, (set, adoption), dry_run)
            .await
            .map_err(|error| error.at(format!("adoption of {}", adoption.name)));
        self.end(lease, dry_run, done).await
    }

    /// Undoes an adoption: drops the tables of this service and moves the legacy tables back.
    /// Changes since the adoption are lost.
    ///
    /// # Errors
    /// The database was not adopted, a table of the copy is missing, or a statement fails.
    pub async fn undo_adoption(&self) -> Result<(), DataError> {
        let (_, adoption) = self.adoption()?;
        let mut lease = self.begin(false).await?;
        let done = self.undo_with(&mut lease, adoption).await;
        self.end(lease, false, done).await
    }

    async fn undo_with(&self, lease: &mut Lease, adoption: &Adoption) -> Result<(), DataError> {
        let mut session = Session(lease);
        reject_pooler(&session)?;
        let mark = mark::read(&mut session).await?;
        let mark = mark.ok_or_else(|| migration_error("the database was not adopted"))?;
        if !mark.unfinished {
            relocate::require_copy(&mut session, adoption).await?;
        }
        let is_whole = begin(&mut session).await?;
        mark::set_unfinished(&mut session, true).await?;
        relocate::restore(&mut session, adoption, self.sets()).await?;
        if is_whole {
            session.run("COMMIT").await?;
        }
        Ok(())
    }

    fn adoption(&self) -> Result<(&MigrationSet, &'static Adoption), DataError> {
        let mut found = self.sets().iter();
        let found = found.find_map(|set| set.adoption().map(|adoption| (set, adoption)));
        found.ok_or_else(|| {
            migration_error("this service declares no adoption: use an empty database")
        })
    }

    async fn adopt_with(
        &self,
        lease: &mut Lease,
        (set, adoption): (&MigrationSet, &Adoption),
        dry_run: bool,
    ) -> Result<AdoptionReport, DataError> {
        let mut session = Session(lease);
        reject_pooler(&session)?;
        if session.engine() != adoption.engine {
            return Err(migration_error(format!(
                "{} has its database on {:?}, and this one is on {:?}",
                adoption.name,
                adoption.engine,
                session.engine()
            )));
        }
        if mark::read(&mut session)
            .await?
            .is_some_and(|mark| mark.unfinished)
        {
            if dry_run {
                return Err(mark::interrupted());
            }
            relocate::restore(&mut session, adoption, self.sets()).await?;
        }
        reject_migrated(&mut session, set).await?;
        if dry_run {
            recognize(&mut session, adoption, self.sets()).await?;
            check(&mut session, adoption, "").await?;
            return self.report(lease, adoption, dry_run).await;
        }
        let is_whole = begin(&mut session).await?;
        let done = self.convert(lease, adoption, is_whole).await;
        let mut session = Session(lease);
        if done.is_ok() && is_whole {
            session.run("COMMIT").await?;
        }
        if done.is_err() {
            // If the connection is lost, the server rolls back, or the next call undoes the
            // adoption.
            let undone = if is_whole {
                session.run("ROLLBACK").await
            } else {
                relocate::restore(&mut session, adoption, self.sets()).await
            };
            if let Err(error) = undone {
                tracing::error!(error = %error, "the adoption could not be undone");
            }
        }
        done
    }

    async fn convert(
        &self,
        lease: &mut Lease,
        adoption: &Adoption,
        is_whole: bool,
    ) -> Result<AdoptionReport, DataError> {
        let mut session = Session(lease);
        let engine = session.engine();
        recognize(&mut session, adoption, self.sets()).await?;
        relocate::lock(&mut session, adoption).await?;
        check(&mut session, adoption, "").await?;
        mark::create(&mut session, self.sets()).await?;
        relocate::move_to_copy(&mut session, adoption).await?;
        let prefix = relocate::legacy_prefix(engine);
        if !is_whole {
            // The legacy service may have written until the move.
            check(&mut session, adoption, &prefix).await?;
        }
        let report = self.report(lease, adoption, false).await?;
        let mut session = Session(lease);
        if !is_whole {
            session.run("START TRANSACTION").await?;
        }
        let copied = copy(&mut session, adoption, &report.statements, &prefix).await;
        if !is_whole {
            let end = if copied.is_ok() { "COMMIT" } else { "ROLLBACK" };
            session.run(end).await?;
        }
        copied?;
        tracing::info!(adoption = adoption.name, "database adopted");
        Ok(report)
    }

    /// Applies the migrations, unless this is a dry run.
    async fn report(
        &self,
        lease: &mut Lease,
        adoption: &Adoption,
        dry_run: bool,
    ) -> Result<AdoptionReport, DataError> {
        let mut session = Session(lease);
        let moved = relocate::legacy_prefix(session.engine());
        let prefix = if dry_run { "" } else { &moved };
        let mut tables = Vec::new();
        for table in adoption.tables {
            let text = format!("SELECT count(*) FROM {prefix}{}", table.name);
            tables.push(AdoptedTable {
                name: table.name.to_owned(),
                rows: value(&mut session, &text).await?,
            });
        }
        let text = adoption.statements.replace("{legacy}", &moved);
        let statements = statements(&text, session.reader())?;
        let run = Run {
            dry_run,
            adopting: true,
            in_transaction: session.engine() != Engine::MySql,
        };
        Ok(AdoptionReport {
            adoption: adoption.name.to_owned(),
            tables,
            migrations: self.up_with(lease, run).await?,
            statements,
        })
    }
}

/// Rejects a pooler, because an adoption holds the lock of its session.
fn reject_pooler(session: &Session<'_>) -> Result<(), DataError> {
    if session.is_pooled() {
        return Err(migration_error(
            "an adoption needs a direct connection: set url to the address of PostgreSQL and transaction_pooling to false",
        ));
    }
    Ok(())
}

/// Begins a transaction on engines that roll back changes of tables. Returns whether it did.
async fn begin(session: &mut Session<'_>) -> Result<bool, DataError> {
    match session.engine() {
        Engine::Postgres => session.run("BEGIN").await?,
        Engine::Sqlite => session.run("BEGIN IMMEDIATE").await?,
        Engine::MySql => return Ok(false),
    }
    Ok(true)
}

async fn reject_migrated(session: &mut Session<'_>, set: &MigrationSet) -> Result<(), DataError> {
    let applied = history::read(session, set).await?;
    if applied.is_empty() {
        return Ok(());
    }
    let table = history::table(set);
    Err(migration_error(
        if applied.iter().any(|one| one.unfinished) {
            format!(
                "{table} has an unfinished migration: if none of its tables was created, delete the row and try again"
            )
        } else {
            "the database has the tables of this service already: nothing was changed".to_owned()
        },
    ))
}

/// Rejects a database that differs from the declared one.
async fn recognize(
    session: &mut Session<'_>,
    adoption: &Adoption,
    sets: &[MigrationSet],
) -> Result<(), DataError> {
    let mut problems = fingerprint::differences(session, adoption).await?;
    problems.extend(relocate::name_conflicts(session, adoption, sets).await?);
    reject_if_any(problems)
}

/// Rejects rows without a conversion.
async fn check(
    session: &mut Session<'_>,
    adoption: &Adoption,
    prefix: &str,
) -> Result<(), DataError> {
    reject_if_any(fingerprint::failed(session, adoption.checks, prefix).await?)
}

async fn copy(
    session: &mut Session<'_>,
    adoption: &Adoption,
    statements: &[String],
    prefix: &str,
) -> Result<(), DataError> {
    for (position, statement) in statements.iter().enumerate() {
        let ran = session.run(statement).await;
        ran.map_err(|error| error.at(format!("statement {}", position + 1)))?;
    }
    reject_if_any(fingerprint::failed(session, adoption.verifications, prefix).await?)?;
    mark::set_unfinished(session, false).await
}

fn reject_if_any(problems: Vec<String>) -> Result<(), DataError> {
    if problems.is_empty() {
        return Ok(());
    }
    Err(migration_error(format!(
        "nothing was changed: {}",
        problems.join("; ")
    )))
}
