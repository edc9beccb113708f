use serde::Serialize;

use super::{
    adoption::{reject_foreign_tables, reject_legacy},
    history::{self, Applied, Session, migration_error},
    lock,
    migration::{Migration, MigrationSet},
    status::{MigrationState, MigrationStatus, compare},
    text::statements,
    timeouts,
};
use crate::{DataError, Database, Engine, pool::Lease};

/// Applies and undoes migrations, and reports their state.
///
/// ```no_run
/// # async fn example(database: &seaworthy_data::Database) -> Result<(), seaworthy_data::DataError> {
/// use seaworthy_data::{LEASE_MIGRATIONS, Migrator};
///
/// let migrator = Migrator::new(database, &[LEASE_MIGRATIONS]);
/// migrator.up(false).await?;
/// migrator.verify().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Migrator<'a> {
    database: &'a Database,
    sets: Vec<MigrationSet>,
}

/// How migrations are applied.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Run {
    /// Whether the run changes nothing.
    pub(super) dry_run: bool,
    /// Whether the run belongs to an adoption, which has verified the tables.
    pub(super) adopting: bool,
    /// Whether the run belongs to a transaction of the caller.
    pub(super) in_transaction: bool,
}

/// A migration that was applied or undone, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The set of the migration. Empty for migrations of the service.
    pub set: String,
    /// The version.
    pub version: u32,
    /// The name.
    pub name: String,
    /// The statements for the engine of the database.
    pub statements: Vec<String>,
}

impl<'a> Migrator<'a> {
    /// Creates a migrator. It applies the sets in this order.
    #[must_use]
    pub fn new(database: &'a Database, sets: &[MigrationSet]) -> Self {
        Self {
            database,
            sets: sets.to_vec(),
        }
    }

    /// Applies the pending migrations. With `dry_run` it only returns them.
    ///
    /// # Errors
    /// An applied migration differs from that of the program, a statement fails, or another process
    /// holds the lock for too long.
    pub async fn up(&self, dry_run: bool) -> Result<Vec<Step>, DataError> {
        let mut lease = self.begin(dry_run).await?;
        let run = Run {
            dry_run,
            ..Run::default()
        };
        let done = self.up_with(&mut lease, run).await;
        self.end(lease, dry_run, done).await
    }

    pub(super) async fn up_with(
        &self,
        lease: &mut Lease,
        run: Run,
    ) -> Result<Vec<Step>, DataError> {
        if !run.adopting {
            // Nothing is written before all sets are known to fit.
            let mut session = Session(lease);
            reject_legacy(&mut session, &self.sets).await?;
            for set in &self.sets {
                reject_foreign_tables(&mut session, set).await?;
            }
        }
        let mut steps = Vec::new();
        for set in &self.sets {
            let mut session = Session(lease);
            let applied = history::read(&mut session, set).await?;
            reject_mismatch(&compare(set, &applied), &[MigrationState::Pending])?;
            let last = applied.last().map_or(0, |last| last.version);
            if !run.dry_run {
                make_table(&mut session, set).await?;
            }
            for migration in set
                .migrations()
                .iter()
                .filter(|migration| migration.version() > last)
            {
                let step = step(set, migration, migration.up(), &session)?;
                if !run.dry_run
                    && !apply(&mut session, set, (migration, &step), run.in_transaction).await?
                {
                    continue;
                }
                steps.push(step);
            }
        }
        Ok(steps)
    }

    /// Undoes the last `count` migrations of the service. With `dry_run` it only returns them.
    ///
    /// # Errors
    /// As for [`up`](Self::up).
    pub async fn down(&self, count: u32, dry_run: bool) -> Result<Vec<Step>, DataError> {
        let mut lease = self.begin(dry_run).await?;
        let done = self.down_with(&mut lease, count, dry_run).await;
        self.end(lease, dry_run, done).await
    }

    async fn down_with(
        &self,
        lease: &mut Lease,
        count: u32,
        dry_run: bool,
    ) -> Result<Vec<Step>, DataError> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let mut steps = Vec::new();
        // The migrations of parts are not undone.
        for set in self.sets.iter().filter(|set| set.name().is_empty()) {
            let mut session = Session(lease);
            let applied = history::read(&mut session, set).await?;
            reject_mismatch(&compare(set, &applied), &[MigrationState::Pending])?;
            for applied in applied.iter().rev().take(count) {
                let migration = set
                    .migrations()
                    .iter()
                    .find(|migration| migration.version() == applied.version)
                    .ok_or_else(|| migration_error("the program does not contain the migration"))?;
                let step = step(set, migration, migration.down(), &session)?;
                if !dry_run {
                    undo(&mut session, set, &step).await?;
                }
                steps.push(step);
            }
        }
        Ok(steps)
    }

    /// Returns the state of every migration. Changes nothing.
    ///
    /// # Errors
    /// Any [`DataError`] of the database.
    pub async fn status(&self) -> Result<Vec<MigrationStatus>, DataError> {
        let (mut lease, _admission) = self.database.lease(None).await?;
        let mut all = Vec::new();
        for set in &self.sets {
            let applied = history::read(&mut Session(&mut lease), set).await?;
            all.extend(compare(set, &applied));
        }
        Ok(all)
    }

    /// Verifies that the migrations of the database and the program are the same.
    ///
    /// # Errors
    /// They differ. The error names the migrations.
    pub async fn verify(&self) -> Result<(), DataError> {
        self.verify_except(&[]).await
    }

    /// Verifies that the database has the migrations of the program. It may have further ones.
    pub(crate) async fn verify_applied(&self) -> Result<(), DataError> {
        self.verify_except(&[MigrationState::Unknown]).await
    }

    async fn verify_except(&self, allowed: &[MigrationState]) -> Result<(), DataError> {
        for set in &self.sets {
            if let Some(problem) = set.definition_error() {
                return Err(migration_error(problem));
            }
        }
        self.reject_legacy().await?;
        reject_mismatch(&self.status().await?, allowed)
    }

    /// Rejects a database of the legacy service, which `migrate adopt` takes over. Changes nothing.
    pub(crate) async fn reject_legacy(&self) -> Result<(), DataError> {
        let (mut lease, _admission) = self.database.lease(None).await?;
        reject_legacy(&mut Session(&mut lease), &self.sets).await
    }

    pub(super) fn sets(&self) -> &[MigrationSet] {
        &self.sets
    }

    pub(super) async fn begin(&self, dry_run: bool) -> Result<Lease, DataError> {
        for set in &self.sets {
            if let Some(problem) = set.definition_error() {
                return Err(migration_error(problem));
            }
        }
        let engine = self.database.0.pool.engine();
        let (mut lease, _admission) = self.database.lease(None).await?;
        // The connection has its own timeouts. Closing it releases its locks, even if this future
        // is dropped.
        lease.close_when_done();
        timeouts::remove(&mut lease, self.database.config()).await?;
        if !dry_run && !Session(&mut lease).is_pooled() {
            lock::take(&mut lease, engine).await?;
        }
        Ok(lease)
    }

    pub(super) async fn end<T>(
        &self,
        mut lease: Lease,
        dry_run: bool,
        done: Result<T, DataError>,
    ) -> Result<T, DataError> {
        if done.is_ok() && !dry_run && !Session(&mut lease).is_pooled() {
            lock::unlock(&mut lease, self.database.0.pool.engine()).await?;
        }
        drop(lease);
        done
    }
}

fn step(
    set: &MigrationSet,
    migration: &Migration,
    text: &str,
    session: &Session<'_>,
) -> Result<Step, DataError> {
    let statements = statements(text, session.reader())
        .map_err(|error| error.at(format!("migration {}", migration.version())))?;
    Ok(Step {
        set: set.name().to_owned(),
        version: migration.version(),
        name: migration.name().to_owned(),
        statements,
    })
}

/// Applies one migration. Returns `false` if another process has applied it.
async fn apply(
    session: &mut Session<'_>,
    set: &MigrationSet,
    (migration, step): (&Migration, &Step),
    in_transaction: bool,
) -> Result<bool, DataError> {
    let is_whole = session.engine() != Engine::MySql;
    let applied = Applied {
        version: migration.version(),
        name: migration.name().to_owned(),
        checksum: migration.checksum(),
        unfinished: !is_whole,
    };
    if !in_transaction {
        begin(session).await?;
    }
    if !in_transaction && locks_each_migration(session) && is_applied(session, set, step).await? {
        session.run("ROLLBACK").await?;
        return Ok(false);
    }
    history::add(session, set, &applied).await?;
    run(session, step).await?;
    if is_whole && !in_transaction {
        session.run("COMMIT").await?;
    } else if !is_whole {
        history::finish(session, set, step.version).await?;
    }
    tracing::info!(
        version = step.version,
        name = step.name,
        set = step.set,
        "migration applied"
    );
    Ok(true)
}

/// Creates the table of the history, under the lock.
async fn make_table(session: &mut Session<'_>, set: &MigrationSet) -> Result<(), DataError> {
    if !session.is_pooled() {
        return history::make_table(session, set).await;
    }
    begin(session).await?;
    history::make_table(session, set).await?;
    session.run("COMMIT").await
}

/// Whether each migration takes the lock, so that another process may have applied it before.
fn locks_each_migration(session: &Session<'_>) -> bool {
    session.engine() == Engine::Sqlite || session.is_pooled()
}

async fn is_applied(
    session: &mut Session<'_>,
    set: &MigrationSet,
    step: &Step,
) -> Result<bool, DataError> {
    let now = history::read(session, set).await?;
    Ok(now.iter().any(|known| known.version == step.version))
}

async fn undo(session: &mut Session<'_>, set: &MigrationSet, step: &Step) -> Result<(), DataError> {
    begin(session).await?;
    if locks_each_migration(session) && !is_applied(session, set, step).await? {
        return Err(migration_error("another process has undone the migration"));
    }
    let is_whole = session.engine() != Engine::MySql;
    if !is_whole {
        history::mark(session, set, step.version).await?;
    }
    run(session, step).await?;
    history::remove(session, set, step.version).await?;
    if is_whole {
        session.run("COMMIT").await?;
    }
    tracing::info!(
        version = step.version,
        name = step.name,
        set = step.set,
        "migration undone"
    );
    Ok(())
}

async fn begin(session: &mut Session<'_>) -> Result<(), DataError> {
    match session.engine() {
        Engine::Postgres => {
            session.run("BEGIN").await?;
            if session.is_pooled() {
                lock::take(session.0, Engine::Postgres).await?;
            }
            Ok(())
        }
        Engine::Sqlite => session.run("BEGIN IMMEDIATE").await,
        Engine::MySql => Ok(()),
    }
}

async fn run(session: &mut Session<'_>, step: &Step) -> Result<(), DataError> {
    for (position, statement) in step.statements.iter().enumerate() {
        session.run(statement).await.map_err(|error| {
            error.at(format!(
                "migration {} ({}), statement {}",
                step.version,
                step.name,
                position + 1
            ))
        })?;
    }
    Ok(())
}

fn reject_mismatch(all: &[MigrationStatus], allowed: &[MigrationState]) -> Result<(), DataError> {
    let wrong: Vec<String> = all
        .iter()
        .filter(|status| {
            status.state != MigrationState::Applied && !allowed.contains(&status.state)
        })
        .map(|status| {
            let what = match status.state {
                MigrationState::Pending => "is not applied",
                MigrationState::Changed => "was changed after it was applied",
                MigrationState::Unfinished => "is unfinished",
                MigrationState::Unknown => "is applied, and the program does not contain it",
                MigrationState::Skipped => "was skipped",
                MigrationState::Applied => "is applied",
            };
            let set = if status.set.is_empty() {
                String::new()
            } else {
                format!("{}/", status.set)
            };
            format!("{set}{} {} {what}", status.version, status.name)
        })
        .collect();
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(migration_error(wrong.join("; ")))
    }
}
