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
    connection::{Answer, Request, runs::Runs},
    database::deadline,
    pool::Work,
};

/// Long enough for the other to be through, short beside a request.
const FIRST_PAUSE: Timeout = Timeout::from_millis(10);
const LONGEST_PAUSE: Timeout = Timeout::from_millis(250);

/// A transaction. Cheap to clone; all clones are the same transaction.
///
/// It is rolled back when its last clone is dropped without a commit: after an error, a panic, a cancellation. After a statement failed, nothing but a rollback is
/// left of it on any engine (PostgreSQL has it so, the others are held to it); what may fail belongs into a [nested one](Self::transaction).
#[derive(Clone)]
pub struct Transaction {
    shared: Arc<Shared>,
    depth: u32,
}

impl Database {
    /// Begins a transaction that writes. Prefer [`transaction`](Self::transaction), which runs again what lost against another.
    ///
    /// # Errors
    /// There is no connection, or the breaker is open.
    pub async fn begin(&self) -> Result<Transaction, DataError> {
        self.begin_with(TransactionOptions::new()).await
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// As for [`begin`](Self::begin).
    pub async fn begin_with(&self, options: TransactionOptions) -> Result<Transaction, DataError> {
        let deadline = deadline()?;
        let patience = Instant::now() + self.config().transaction_timeout.get();
        let end = deadline.map_or(patience, |deadline| deadline.min(patience));
        let mut is_second = false;
        loop {
            let (mut lease, admission) = self.lease(Some(end)).await?;
            let mut begun = Ok(Answer::default());
            for text in options.begin(self.engine()) {
                if begun.is_ok() {
                    begun = lease.run(Work::Plain(text), Some(end)).await;
                }
            }
            let now = Instant::now().into_std();
            match begun {
                Ok(_) => {
                    admission.report(Outcome::Success, now);
                    let shared = shared(self, options, lease, end, end < patience);
                    return Ok(Transaction { shared, depth: 0 });
                }
                // Nothing was done yet: the connection had broken while it was free.
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

    /// Runs `work` in a transaction: commits when it succeeds, rolls back when it fails, panics or is dropped. Where it lost against another transaction, it is run
    /// again from the start, within `transaction_retries` and the deadline; so it must do nothing that cannot be undone, but in the transaction.
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
    /// Those of `work`; those of the beginning and the commit.
    pub async fn transaction<T, E, F, R>(&self, work: F) -> Result<T, E>
    where
        F: Fn(Transaction) -> R + Send,
        R: Future<Output = Result<T, E>> + Send,
        T: Send,
        E: From<DataError> + Send,
    {
        self.transaction_with(TransactionOptions::new(), work).await
    }

    /// The same with options.
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
        let backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
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
                    // The error that matters is that of the work.
                    let _ = tx.rollback().await;
                    Err(error)
                }
            };
            guard.defuse();
            let lost = outcome.is_err() && shared.conflict.load(Ordering::Acquire);
            drop(shared);
            let pause = backoff.delay(retries);
            let may_run_again =
                lost && retries < self.config().transaction_retries && Instant::now() + pause < end;
            if !may_run_again {
                return outcome;
            }
            retries += 1;
            self.0.observer.conflict();
            time::sleep(pause).await;
        }
    }
}

impl Transaction {
    /// Makes what it did last.
    ///
    /// # Errors
    /// A statement of it failed (it is rolled back), it lost against another, or the connection broke. Where it broke during the commit, whether the transaction was
    /// committed is unknown ([`DataErrorKind::OutcomeUnknown`]).
    pub async fn commit(self) -> Result<(), DataError> {
        let shared = &*self.shared;
        let mut open = shared.open.lock().await;
        if self.depth > 0 {
            return Err(DataError::new(
                DataErrorKind::TransactionEnded,
                "a nested transaction ends with its function",
            ));
        }
        shared.roll_back_dropped(&mut open).await?;
        if open.failed.is_some() && open.lease.is_some() {
            shared.finish(&mut open, "ROLLBACK").await?;
            return Err(DataError::new(
                DataErrorKind::TransactionFailed,
                "it was rolled back",
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

    /// Undoes what it did.
    ///
    /// # Errors
    /// The connection broke, by which it is rolled back too.
    pub async fn rollback(self) -> Result<(), DataError> {
        let shared = &*self.shared;
        let mut open = shared.open.lock().await;
        if open.lease.is_none() {
            return Ok(());
        }
        shared.finish(&mut open, "ROLLBACK").await
    }

    /// Runs `work` in a nested transaction (a savepoint): what it did is undone alone when it fails.
    ///
    /// # Errors
    /// Those of `work`; those of the savepoint.
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
                guard.defuse();
                let mut hooks = self.shared.hooks.lock();
                for (of, _) in hooks.iter_mut().filter(|(of, _)| *of == depth) {
                    *of = self.depth;
                }
                drop(hooks);
                Ok(value)
            }
            Err(error) => {
                let mut open = self.shared.open.lock().await;
                guard.defuse();
                self.shared.roll_back_to(&mut open, depth).await?;
                Err(error)
            }
        }
    }

    /// Calls `hook` once the transaction is committed, and never if it is not.
    pub fn on_commit(&self, hook: impl FnOnce() + Send + 'static) {
        self.shared.hooks.lock().push((self.depth, Box::new(hook)));
    }

    async fn run_once(&self, request: Request) -> Result<Answer, DataError> {
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
    fn run(&self, request: Request) -> BoxFuture<'_, Result<Answer, DataError>> {
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
