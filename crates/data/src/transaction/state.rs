use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use parking_lot::Mutex as Lock;
use seaworthy_core::effects::Attempt;
use tokio::{sync::Mutex, time::Instant};

use super::options::TransactionOptions;
use crate::{
    DataError, DataErrorKind, Database,
    connection::StatementOutput,
    holder::Held,
    pool::{Lease, Work},
};

type Hook = Box<dyn FnOnce() + Send>;

/// The state of a transaction, which its handles share.
pub(super) struct Shared {
    pub(super) database: Database,
    pub(super) options: TransactionOptions,
    pub(super) end: Instant,
    pub(super) is_deadline: bool,
    pub(super) open: Mutex<Open>,
    /// Whether the future that began it was dropped. It is then rolled back when no statement runs.
    pub(super) abandoned: AtomicBool,
    /// The depth of a nested transaction whose future was dropped. It is rolled back before the
    /// next statement.
    pub(super) dropped: Lock<Option<u32>>,
    /// Whether it conflicts with another transaction and may run again.
    pub(super) conflict: AtomicBool,
    /// Whether it has run a statement that may change something.
    pub(super) has_written: AtomicBool,
    pub(super) hooks: Lock<Vec<(u32, Hook)>>,
    pub(super) _held: Held,
}

/// The part of a transaction that one statement uses at a time.
pub(super) struct Open {
    pub(super) lease: Option<Lease>,
    /// The depth at which a statement failed. At 0 only a rollback of the whole transaction is
    /// possible.
    pub(super) failed: Option<u32>,
}

impl Shared {
    /// Executes work in the nested transaction of this depth.
    pub(super) async fn run(
        &self,
        work: Work<'_>,
        depth: u32,
    ) -> Result<StatementOutput, DataError> {
        let mut open = self.open.lock().await;
        self.roll_back_dropped(&mut open).await?;
        if open.failed.is_some_and(|failed| failed <= depth) {
            return Err(DataError::new(
                DataErrorKind::TransactionFailed,
                "put statements that may fail into a nested transaction",
            ));
        }
        // A dropped future leaves the result of its statement unknown, so the statement counts as
        // failed.
        let before = open.failed.replace(depth);
        let outcome = self.run_alone(&mut open, work).await;
        open.failed = before;
        if let Err(error) = &outcome {
            let at = if ends_all(error.kind()) { 0 } else { depth };
            open.failed = Some(before.map_or(at, |failed| failed.min(at)));
        }
        outcome
    }

    /// Executes work even if a statement has failed.
    pub(super) async fn run_alone(
        &self,
        open: &mut Open,
        work: Work<'_>,
    ) -> Result<StatementOutput, DataError> {
        if self.abandoned.load(Ordering::Acquire) {
            self.roll_back_in_background(open);
        }
        let Some(lease) = open.lease.as_mut() else {
            return Err(DataError::new(
                DataErrorKind::TransactionEnded,
                "its statements cannot be executed",
            ));
        };
        let timeout = Instant::now() + self.database.config().current_statement_timeout();
        let outcome = if timeout < self.end {
            lease.run(work, None).await
        } else {
            lease.run_until(work, self.end, self.is_deadline).await
        };
        if let Err(error) = &outcome {
            if error.is_conflict() {
                self.conflict.store(true, Ordering::Release);
            }
            self.report_to_breaker(error);
        }
        if lease.driver().is_none() {
            open.lease = None;
        }
        if self.abandoned.load(Ordering::Acquire) {
            self.roll_back_in_background(open);
        }
        outcome
    }

    /// Reports an error to the breaker, which does not reject statements of a transaction.
    fn report_to_breaker(&self, error: &DataError) {
        let now = Instant::now().into_std();
        if let Ok(admission) = self.database.policies().breaker().admit(now) {
            admission.report(error.outcome(), now);
        }
    }

    /// Rolls back the nested transactions whose futures were dropped.
    pub(super) async fn roll_back_dropped(&self, open: &mut Open) -> Result<(), DataError> {
        let Some(depth) = *self.dropped.lock() else {
            return Ok(());
        };
        self.roll_back_to(open, depth).await?;
        // Clear the mark only after the rollback, because this future may be dropped too.
        *self.dropped.lock() = None;
        Ok(())
    }

    /// Rolls back a nested transaction. If that fails, or its future is dropped, only a rollback of
    /// the whole transaction remains.
    pub(super) async fn roll_back_to(&self, open: &mut Open, depth: u32) -> Result<(), DataError> {
        self.hooks.lock().retain(|(of, _)| *of < depth);
        let before = open.failed;
        if before == Some(0) {
            return Ok(());
        }
        open.failed = Some(0);
        let text = format!("ROLLBACK TO SAVEPOINT nested_{depth}");
        self.run_alone(open, Work::Plain(&text)).await?;
        let text = format!("RELEASE SAVEPOINT nested_{depth}");
        self.run_alone(open, Work::Plain(&text)).await?;
        open.failed = before.filter(|failed| *failed < depth);
        Ok(())
    }

    /// Ends the transaction with `COMMIT` or `ROLLBACK`.
    pub(super) async fn finish(&self, open: &mut Open, statement: &str) -> Result<(), DataError> {
        let outcome = self.run_alone(open, Work::Plain(statement)).await;
        let Some(mut lease) = open.lease.take() else {
            return outcome.map(drop);
        };
        if outcome.is_err() {
            // The state on the server is unknown. Closing the connection rolls back.
            lease.abandon();
        } else if let Some(after) = self.options.after(self.database.0.pool.engine())
            && lease.run(Work::Plain(after), None).await.is_err()
        {
            lease.abandon();
        }
        outcome.map(drop)
    }

    /// Commits. If the reply of the server is lost, the error is
    /// [`DataErrorKind::OutcomeUnknown`].
    ///
    /// Only a transaction that wrote counts as a change of the running call and marks its key.
    pub(super) async fn commit(&self, open: &mut Open) -> Result<(), DataError> {
        if self.options.reads() || !self.has_written.load(Ordering::Acquire) {
            return self.finish(open, "COMMIT").await;
        }
        #[cfg(feature = "idempotency")]
        if let Some(mark) = crate::idempotency::KeyMark::statement(&self.database.0) {
            self.mark(open, mark).await?;
            let outcome = self.finish_unknown(open).await;
            // The mark resolves an unknown outcome, so only a success is reported.
            if outcome.is_ok() {
                Attempt::begin().succeed();
            }
            return outcome;
        }
        let attempt = Attempt::begin();
        let outcome = self.finish_unknown(open).await;
        match &outcome {
            Ok(()) => attempt.succeed(),
            Err(error) if error.leaves_outcome_unknown() => drop(attempt),
            Err(_) => attempt.fail(),
        }
        outcome
    }

    async fn finish_unknown(&self, open: &mut Open) -> Result<(), DataError> {
        let is_sent = open.lease.is_some();
        self.finish(open, "COMMIT").await.map_err(|error| {
            if is_sent && error.leaves_outcome_unknown() {
                DataError::new(DataErrorKind::OutcomeUnknown, error.to_string())
            } else {
                error
            }
        })
    }

    /// Marks the key of the running call in this transaction. Rolls back if another call has taken
    /// the key.
    #[cfg(feature = "idempotency")]
    async fn mark(&self, open: &mut Open, statement: crate::Statement) -> Result<(), DataError> {
        let database = &self.database;
        let engine = database.0.pool.engine();
        let prepared = database.0.statements.prepare(engine, &statement)?;
        let request = crate::connection::Request {
            statement,
            limit: None,
        };
        let marked = self
            .run_alone(open, database.work(&prepared, &request))
            .await;
        let error = match marked {
            Ok(answer) if answer.done.rows_affected() > 0 => return Ok(()),
            Ok(_) => DataError::new(
                DataErrorKind::TransactionFailed,
                "another request has claimed the Idempotency-Key",
            ),
            Err(error) => error,
        };
        // The error of the mark matters more.
        let _ = self.finish(open, "ROLLBACK").await;
        Err(error)
    }

    pub(super) fn roll_back_in_background(&self, open: &mut Open) {
        let Some(mut lease) = open.lease.take() else {
            return;
        };
        if lease.is_busy() {
            lease.abandon();
            return;
        }
        let after = self.options.after(self.database.0.pool.engine());
        lease.finish(move |mut lease| async move {
            let texts = ["ROLLBACK"].into_iter().chain(after);
            for text in texts {
                if lease.run(Work::Plain(text), None).await.is_err() {
                    lease.abandon();
                    return;
                }
            }
        });
    }

    /// Rolls back, because the future that began the transaction was dropped.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Release);
        if let Ok(mut open) = self.open.try_lock() {
            self.roll_back_in_background(&mut open);
        }
    }
}

/// Returns whether the failure ends the whole transaction. Engines differ, so this crate decides.
fn ends_all(kind: DataErrorKind) -> bool {
    !matches!(
        kind,
        DataErrorKind::UniqueViolation
            | DataErrorKind::ForeignKeyViolation
            | DataErrorKind::NotNullViolation
            | DataErrorKind::CheckViolation
            | DataErrorKind::InvalidValue
            | DataErrorKind::InvalidStatement
            | DataErrorKind::LockTimeout
            | DataErrorKind::NotFound
    )
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(mut lease) = self.open.get_mut().lease.take() {
            if lease.is_busy() {
                lease.abandon();
            } else {
                let open = Open {
                    lease: Some(lease),
                    failed: None,
                };
                self.roll_back_in_background(&mut { open });
            }
        }
    }
}

/// Calls a function when dropped, unless it was defused.
pub(super) struct Guard<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Guard<F> {
    pub(super) fn new(undo: F) -> Self {
        Self(Some(undo))
    }

    pub(super) fn escape_formula(mut self) {
        self.0 = None;
    }
}

impl<F: FnOnce()> Drop for Guard<F> {
    fn drop(&mut self) {
        if let Some(undo) = self.0.take() {
            undo();
        }
    }
}

pub(super) fn shared(
    database: &Database,
    options: TransactionOptions,
    lease: Lease,
    end: Instant,
    is_deadline: bool,
) -> Arc<Shared> {
    Arc::new(Shared {
        _held: database.0.holders.hold(),
        database: database.clone(),
        options,
        end,
        is_deadline,
        open: Mutex::new(Open {
            lease: Some(lease),
            failed: None,
        }),
        abandoned: AtomicBool::new(false),
        dropped: Lock::new(None),
        conflict: AtomicBool::new(false),
        has_written: AtomicBool::new(false),
        hooks: Lock::default(),
    })
}
