//! The worker: claims an import, and continues it for a short time.

use std::time::{Duration, Instant};

use seaworthy_core::{Error, Timeout, error_chain};
use seaworthy_data::{Transaction, microseconds, sql};
use seaworthy_service::{Schedule, Worker};
use uuid::Uuid;

use crate::{
    BadRow, CsvImport, ImportError, ImportMode, ImportRows, ImportStatus, Imports, StoreRowsError,
    import::import_columns,
    pass::StepError,
    store::{self, Progress},
};

/// The interval of the worker. A user sees progress within this time.
const INTERVAL: Timeout = Timeout::from_secs(1);
/// Maximum time of one step, so that a long import does not delay others.
const STEP: Duration = Duration::from_secs(5);
/// A run of the worker ends after this time, so that the service records it.
const RUN: Duration = Duration::from_secs(60);
/// The delay of the second attempt. It doubles with each further one.
const INITIAL_BACKOFF: Timeout = Timeout::from_secs(1);
/// Maximum exponent of the backoff. A larger one would delay an attempt for hours.
const MAX_EXPONENT: u32 = 6;

pub(crate) fn worker<R: ImportRows>(imports: &Imports<R>) -> Worker {
    let imports = imports.clone();
    let name = format!("import {}", R::KIND);
    Worker::new(name, Schedule::Interval(INTERVAL), move |run| {
        let imports = imports.clone();
        async move {
            let begun = Instant::now();
            while !run.stop.is_requested() && begun.elapsed() < RUN && imports.step().await? {}
            Ok::<_, Error>(())
        }
    })
}

impl<R: ImportRows> Imports<R> {
    /// Continues one import for some seconds. Returns whether there was one. The worker calls it.
    ///
    /// # Errors
    /// A failure of the database before an import was claimed. Later failures are logged, and
    /// another attempt follows.
    pub async fn step(&self) -> Result<bool, ImportError> {
        let Some((import, claim)) = self.claim().await? else {
            return Ok(false);
        };
        let until = Instant::now() + STEP;
        let work = match (import.status, import.mode) {
            (ImportStatus::Checking, _) => self.check(&import, claim, until).await,
            (ImportStatus::Undoing, _) => self.remove(&import, claim, until).await,
            (_, ImportMode::Batches) => self.store_batches(&import, claim, until).await,
            (_, ImportMode::AllOrNothing) => self.store_all(&import, claim).await,
        };
        let error = match work {
            Ok(()) | Err(StepError::ClaimLost) => {
                let released = self.release(import.id, claim, Duration::ZERO).await;
                warn_of_failure(import.id, released);
                return Ok(true);
            }
            Err(error) => error,
        };
        // Batches of this step have committed newer counters than those of the claim.
        let (kind, owner) = (R::KIND, &import.owner);
        let import = match store::find(&self.0.database, kind, import.id, owner).await {
            Ok(import) => import,
            Err(error) => {
                tracing::warn!(id = %import.id, error = error_chain(&error), "the state of an import could not be read");
                return Ok(true);
            }
        };
        let progress = Progress::of(&import, claim);
        let ended = match error {
            StepError::Store(StoreRowsError::Forbidden(message)) => {
                self.fail(progress.fail("IMPORT_FORBIDDEN", message), &[])
                    .await
            }
            StepError::File(error) => {
                self.fail(progress.fail("FILE_INVALID", error.to_string()), &[])
                    .await
            }
            StepError::Rejected(bad) => {
                let text = "a row cannot be stored, so no row was stored: correct the file";
                let mut failed = progress.fail("ROWS_REJECTED", text);
                failed.rows_bad += bad.len() as u64;
                self.fail(failed, &bad).await
            }
            error => {
                let attempts = import.state.attempts;
                tracing::warn!(id = %import.id, attempts, error = error_chain(&error), "an import could not continue");
                if attempts >= self.0.config.max_attempts.get() {
                    let text = "the rows could not be stored: try again later";
                    self.fail(progress.fail("TOO_MANY_ATTEMPTS", text), &[])
                        .await
                } else {
                    let exponent = attempts.saturating_sub(1).min(MAX_EXPONENT);
                    let delay = INITIAL_BACKOFF.get() * 2_u32.pow(exponent);
                    self.release(import.id, claim, delay).await
                }
            }
        };
        warn_of_failure(import.id, ended);
        Ok(true)
    }

    async fn claim(&self) -> Result<Option<(CsvImport, Uuid)>, ImportError> {
        let database = &self.0.database;
        let found: Option<(Uuid,)> = sql("SELECT id FROM csv_imports WHERE kind = ? AND status IN ('checking', 'storing', 'undoing') AND claimed_until_us <= {now_us} ORDER BY changed_us LIMIT 1")
            .bind(R::KIND)
            .fetch_optional(database)
            .await?;
        let Some((id,)) = found else {
            return Ok(None);
        };
        let claim = seaworthy_core::new_id();
        sql("UPDATE csv_imports SET claimed_by = ?, claimed_until_us = {now_us} + ?, attempts = attempts + 1 WHERE id = ? AND status IN ('checking', 'storing', 'undoing') AND claimed_until_us <= {now_us}")
            .bind(claim)
            .bind(microseconds(self.0.config.claim_ttl.get()))
            .bind(id)
            .execute(database)
            .await?;
        let claimed: Option<CsvImport> = sql(concat!(
            "SELECT ",
            import_columns!(),
            " FROM csv_imports WHERE id = ? AND claimed_by = ?"
        ))
        .bind(id)
        .bind(claim)
        .fetch_optional(database)
        .await?;
        Ok(claimed.map(|import| (import, claim)))
    }

    /// Ends a claim. The next attempt begins after the delay.
    async fn release(&self, id: Uuid, claim: Uuid, delay: Duration) -> Result<(), StepError> {
        sql("UPDATE csv_imports SET claimed_by = NULL, claimed_until_us = {now_us} + ? WHERE id = ? AND claimed_by = ?")
            .bind(microseconds(delay))
            .bind(id)
            .bind(claim)
            .execute(&self.0.database)
            .await?;
        Ok(())
    }

    async fn fail(&self, failed: Progress, bad: &[(u64, Vec<BadRow>)]) -> Result<(), StepError> {
        match self.save(&failed, bad).await {
            Err(StepError::ClaimLost) => return Ok(()),
            saved => saved?,
        }
        self.0.metrics.failed.add(1);
        let reason = failed.failure.map(|failure| failure.reason);
        tracing::info!(id = %failed.id, reason, "an import failed");
        Ok(())
    }

    /// Writes progress without rows.
    pub(crate) async fn save(
        &self,
        progress: &Progress,
        bad: &[(u64, Vec<BadRow>)],
    ) -> Result<(), StepError> {
        let work = |tx: Transaction| async move { self.write(&tx, progress, bad).await };
        self.0.database.transaction(work).await
    }

    pub(crate) async fn write(
        &self,
        tx: &Transaction,
        progress: &Progress,
        bad: &[(u64, Vec<BadRow>)],
    ) -> Result<(), StepError> {
        match progress.save(tx, self.0.config.claim_ttl, bad).await? {
            true => Ok(()),
            false => Err(StepError::ClaimLost),
        }
    }

    /// Removes the rows of an import.
    async fn remove(
        &self,
        import: &CsvImport,
        claim: Uuid,
        until: Instant,
    ) -> Result<(), StepError> {
        let inner = &*self.0;
        let max_rows = inner.config.batch_size.get();
        let mut progress = Progress::of(import, claim);
        loop {
            let ready = &progress;
            let next = inner
                .database
                .transaction(|tx| async move {
                    let removed = inner.rows.undo(&tx, import, max_rows).await?;
                    let mut next = ready.clone();
                    next.rows_stored = next.rows_stored.saturating_sub(removed);
                    if removed == 0 {
                        next.to = ImportStatus::Undone;
                    }
                    self.write(&tx, &next, &[]).await?;
                    Ok::<_, StepError>(next)
                })
                .await?;
            if next.to == ImportStatus::Undone || Instant::now() > until {
                return Ok(());
            }
            progress = next;
        }
    }
}

/// Logs that a state could not be stored. The claim expires, and another attempt follows.
fn warn_of_failure(id: Uuid, ended: Result<(), StepError>) {
    if let Err(error) = ended {
        tracing::warn!(id = %id, error = error_chain(&error), "the state of an import could not be stored");
    }
}
