use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
};

use futures::{FutureExt as _, future::BoxFuture};
use seaworthy_core::{Backoff, Timeout};
use seaworthy_resilience::Outcome;
use tokio::time::{self, Instant};

use super::{
    options::TransactionOptions,
    state::{Guard, Shared, shared},
};
use crate::{
    Connection, DataError, DataErrorKind, Database, Engine,
    connection::{Request, StatementOutput, runs::Runs},
    database::deadline,
    pool::Work,
};

/// The first backoff before a retry: the other transaction may end, and the request is not late.
const INITIAL_BACKOFF: Timeout = Timeout::from_millis(10);
const MAX_BACKOFF: Timeout = Timeout::from_millis(250);

/// A transaction. Cheap to clone. All clones are the same transaction.
///
/// Dropping the last clone without a commit rolls the transaction back. After a failed statement
/// only a rollback is possible, on every engine. Put a statement that may fail into a [nested
/// transaction](Self::transaction).
#[derive(Clone)]
pub struct Transaction {
    shared: Arc<Shared>,
    depth: u32,
}

impl Database {
    /// Begins a read-write transaction. Prefer [`transaction`](Self::transaction), which retries
    /// after a conflict.
    ///
    /// # Errors
    /// No connection is available, or the breaker is open.
    pub async fn begin(&self) -> Result<Transaction, DataError> {
        self.begin_with(TransactionOptions::new()).await
    }

    /// Begins a transaction with options.
    ///
    /// # Errors
    /// As for [`begin`](Self::begin).
    pub async fn begin_with(&self, options: TransactionOptions) -> Result<Transaction, DataError> {
        let deadline = deadline()?;
        let timeout = Instant::now() + self.config().transaction_timeout.get();
        let end = deadline.map_or(timeout, |deadline| deadline.min(timeout));
        let mut is_second = false;
        loop {
            let (mut lease, admission) = self.lease(Some(end)).await?;
            let mut begun = Ok(StatementOutput::default());
            for text in options.begin(self.engine()) {
                if begun.is_ok() {
                    begun = lease.run(Work::Plain(text), Some(end)).await;
                }
            }
            let now = Instant::now().into_std();
            match begun {
                Ok(_) => {
                    admission.report(Outcome::Success, now);
                    let shared = shared(self, options, lease, end, end < timeout);
                    return Ok(Transaction { shared, depth: 0 });
                }
                // Nothing was executed yet, because the connection broke while it was idle.
                Err(error) if error.kind() == DataErrorKind::ConnectionLost && !is_second => {
                    admission.report(error.outcome(), now);
                    is_second = true;
                }
                Err(error) => {
                    admission.report(error.outcome(), now);
                    lease.abandon();
                    return Err(error);
                }
            }
        }
    }

    /// Runs `work` in a transaction. Commits when it succeeds, and rolls back when it fails, panics
    /// or is dropped.
    ///
    /// After a conflict with another transaction, `work` runs again from the start, up to
    /// `max_transaction_retries` times and before the deadline. Outside of the transaction it must
    /// therefore have no effects that cannot be undone.
    ///
    /// ```no_run
    /// # async fn example(database: &seaworthy_data::Database) -> Result<(), seaworthy_data::DataError> {
    /// use seaworthy_data::{DataError, sql};
    ///
    /// let left = database
    ///     .transaction(|tx| async move {
    ///         sql("UPDATE events SET taken = taken + 1 WHERE id = ?").bind(7).execute(&tx).await?;
    ///         let (left,): (i64,) = sql("SELECT places - taken FROM events WHERE id = ?").bind(7).fetch_one(&tx).await?;
    ///         Ok::<_, DataError>(left)
    ///     })
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The errors of `work`, of the beginning and of the commit.
    pub async fn transaction<T, E, F, R>(&self, work: F) -> Result<T, E>
    where
        F: Fn(Transaction) -> R + Send,
        R: Future<Output = Result<T, E>> + Send,
        T: Send,
        E: From<DataError> + Send,
    {
        self.transaction_with(TransactionOptions::new(), work).await
    }

    /// Runs `work` in a transaction with options.
    ///
    /// # Errors
    /// As for [`transaction`](Self::transaction).
    pub async fn transaction_with<T, E, F, R>(
        &self,
        options: TransactionOptions,
        work: F,
    ) -> Result<T, E>
    where
        F: Fn(Transaction) -> R + Send,
        R: Future<Output = Result<T, E>> + Send,
        T: Send,
        E: From<DataError> + Send,
    {
        let backoff = Backoff::new(INITIAL_BACKOFF, MAX_BACKOFF);
        let mut retries = 0;
        loop {
            let tx = self.begin_with(options).await?;
            let end = tx.shared.end;
            let shared = Arc::clone(&tx.shared);
            let abandoned = Arc::clone(&shared);
            let guard = Guard::new(move || abandoned.abandon());
            let outcome = self.0.holders.inside(work(tx.clone())).await;
            let outcome = match outcome {
                Ok(value) => tx.commit().await.map(|()| value).map_err(E::from),
                Err(error) => {
                    // The error of the work matters more.
                    let _ = tx.rollback().await;
                    Err(error)
                }
            };
            guard.escape_formula();
            let conflicts = outcome.is_err() && shared.conflict.load(Ordering::Acquire);
            drop(shared);
            let delay = backoff.delay(retries);
            let may_run_again = conflicts
                && retries < self.config().max_transaction_retries
                && Instant::now() + delay < end;
            if !may_run_again {
                return outcome;
            }
            retries += 1;
            self.0.observer.conflict();
            time::sleep(delay).await;
        }
    }
}

impl Transaction {
    /// Commits the transaction.
    ///
    /// # Errors
    /// A statement has failed (the transaction is rolled back), the transaction conflicts with
    /// another, or the connection broke. If it broke during the commit, the outcome is unknown
    /// ([`DataErrorKind::OutcomeUnknown`]).
    pub async fn commit(self) -> Result<(), DataError> {
        let shared = &*self.shared;
        let mut open = shared.open.lock().await;
        if self.depth > 0 {
            return Err(DataError::new(
                DataErrorKind::TransactionEnded,
                "a nested transaction ends with its function and cannot be committed",
            ));
        }
        shared.roll_back_dropped(&mut open).await?;
        if open.failed.is_some() && open.lease.is_some() {
            shared.finish(&mut open, "ROLLBACK").await?;
            return Err(DataError::new(
                DataErrorKind::TransactionFailed,
                "the transaction was rolled back",
            ));
        }
        shared.commit(&mut open).await?;
        drop(open);
        let hooks = std::mem::take(&mut *shared.hooks.lock());
        for (_, hook) in hooks {
            hook();
        }
        Ok(())
    }

    /// Rolls the transaction back.
    ///
    /// # Errors
    /// The connection broke, which also rolls the transaction back.
    pub async fn rollback(self) -> Result<(), DataError> {
        let shared = &*self.shared;
        let mut open = shared.open.lock().await;
        if open.lease.is_none() {
            return Ok(());
        }
        shared.finish(&mut open, "ROLLBACK").await
    }

    /// Runs `work` in a nested transaction, which is a savepoint. Only the changes of `work` are
    /// rolled back when it fails.
    ///
    /// # Errors
    /// The errors of `work` and of the savepoint.
    pub async fn transaction<T, E, F, R>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(Self) -> R + Send,
        R: Future<Output = Result<T, E>> + Send,
        T: Send,
        E: From<DataError> + Send,
    {
        let depth = self.depth + 1;
        let text = format!("SAVEPOINT nested_{depth}");
        self.shared.run(Work::Plain(&text), self.depth).await?;
        let shared = Arc::clone(&self.shared);
        let guard = Guard::new(move || {
            let mut dropped = shared.dropped.lock();
            *dropped = Some(dropped.map_or(depth, |other| other.min(depth)));
        });
        let nested = Self {
            shared: Arc::clone(&self.shared),
            depth,
        };
        match work(nested).await {
            Ok(value) => {
                let text = format!("RELEASE SAVEPOINT nested_{depth}");
                self.shared.run(Work::Plain(&text), depth).await?;
                guard.escape_formula();
                let mut hooks = self.shared.hooks.lock();
                for (of, _) in hooks.iter_mut().filter(|(of, _)| *of == depth) {
                    *of = self.depth;
                }
                drop(hooks);
                Ok(value)
            }
            Err(error) => {
                let mut open = self.shared.open.lock().await;
                guard.escape_formula();
                self.shared.roll_back_to(&mut open, depth).await?;
                Err(error)
            }
        }
    }

    /// Runs work of this transaction in another task than the one that began it. As in
    /// [`Database::transaction`], the work may not acquire a second connection.
    pub async fn scope<F: Future>(&self, work: F) -> F::Output {
        self.shared.database.0.holders.inside(work).await
    }

    /// Calls `hook` after the commit, and never after a rollback.
    pub fn on_commit(&self, hook: impl FnOnce() + Send + 'static) {
        self.shared.hooks.lock().push((self.depth, Box::new(hook)));
    }

    async fn run_once(&self, request: Request) -> Result<StatementOutput, DataError> {
        let database = &self.shared.database;
        let prepared = database
            .0
            .statements
            .prepare(self.engine(), &request.statement)?;
        if !prepared.reads() {
            self.shared.has_written.store(true, Ordering::Release);
        }
        let record = database.0.observer.begin(&prepared);
        let work = database.work(&prepared, &request);
        let outcome = self.shared.run(work, self.depth).await;
        record.end(&outcome);
        outcome
    }
}

impl Runs for Transaction {
    fn run(&self, request: Request) -> BoxFuture<'_, Result<StatementOutput, DataError>> {
        self.run_once(request).boxed()
    }
}

impl Connection for Transaction {
    fn engine(&self) -> Engine {
        self.shared.database.engine()
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Transaction")
            .field("database", &self.shared.database.name())
            .field("depth", &self.depth)
            .finish_non_exhaustive()
    }
}
