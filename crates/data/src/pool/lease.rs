use std::{future::Future, sync::Arc, time::Duration};

use seaworthy_telemetry::metrics::GaugeGuard;
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{self, Instant},
};

use super::{Pool, opened::OpenConnection};
use crate::{
    DataError, DataErrorKind, Value,
    connection::StatementOutput,
    driver::{Driver, RowLimit},
};

/// The time by which the server's timeout is earlier than that of the client. It ends only the
/// statement, and the connection stays usable.
const GRACE: Duration = Duration::from_millis(250);

/// A connection in use. Dropping it returns it to the pool. If its statement timed out, it is
/// closed instead, so that the server stops the work.
pub(crate) struct Lease {
    pool: Pool,
    opened: Option<OpenConnection>,
    /// Whether a statement is running.
    busy: bool,
    /// Whether the connection has its own settings. It is then closed instead of being returned.
    is_special: bool,
    _permit: OwnedSemaphorePermit,
    _in_use: GaugeGuard,
}

/// The work for a connection.
pub(crate) enum Work<'a> {
    /// A prepared statement.
    Prepared(Arc<str>, &'a [Value], RowLimit),
    /// Statements without values, such as `BEGIN`.
    Plain(&'a str),
}

impl Work<'_> {
    async fn with(self, driver: &mut Driver) -> Result<StatementOutput, DataError> {
        match self {
            Self::Prepared(text, values, limit) => driver.run(text, values, limit).await,
            Self::Plain(text) => driver
                .run_plain(text)
                .await
                .map(|()| StatementOutput::default()),
        }
    }
}

impl Lease {
    pub(super) fn new(pool: Pool, permit: OwnedSemaphorePermit, opened: OpenConnection) -> Self {
        let in_use = pool.0.metrics.in_use.guard();
        Self {
            pool,
            opened: Some(opened),
            busy: false,
            is_special: false,
            _permit: permit,
            _in_use: in_use,
        }
    }

    pub(crate) fn driver(&self) -> Option<&Driver> {
        self.opened.as_ref().map(|opened| &opened.driver)
    }

    pub(crate) fn driver_mut(&mut self) -> Option<&mut Driver> {
        self.opened.as_mut().map(|opened| &mut opened.driver)
    }

    /// Executes `work` before `deadline`.
    pub(crate) async fn run(
        &mut self,
        work: Work<'_>,
        deadline: Option<Instant>,
    ) -> Result<StatementOutput, DataError> {
        let config = self.pool.config();
        let timeout = match config.current_statement_timeout() {
            timeout if timeout == config.statement_timeout.get() => timeout + GRACE,
            // The server enforces `statement_timeout`, which is longer.
            timeout => timeout,
        };
        let timeout = Instant::now() + timeout;
        let end = deadline.map_or(timeout, |deadline| deadline.min(timeout));
        self.run_until(work, end, end < timeout).await
    }

    /// Executes `work` before `end`, which is the deadline of the request or a timeout of the
    /// settings.
    pub(crate) async fn run_until(
        &mut self,
        work: Work<'_>,
        end: Instant,
        is_deadline: bool,
    ) -> Result<StatementOutput, DataError> {
        let Some(opened) = self.opened.as_mut() else {
            return Err(DataError::new(
                DataErrorKind::ConnectionLost,
                "the connection is closed",
            ));
        };
        self.busy = true;
        let outcome = time::timeout_at(end, work.with(&mut opened.driver)).await;
        match outcome {
            Ok(outcome) => {
                self.busy = false;
                if let Err(error) = &outcome
                    && error.ends_connection()
                {
                    self.abandon();
                    self.pool.suspect();
                }
                outcome
            }
            Err(_elapsed) => {
                self.abandon();
                let kind = if is_deadline {
                    DataErrorKind::DeadlineExceeded
                } else {
                    DataErrorKind::StatementTimeout
                };
                Err(DataError::new(kind, "the statement was cancelled"))
            }
        }
    }

    /// Closes the connection immediately, so that the server stops its work.
    pub(crate) fn abandon(&mut self) {
        let Some(opened) = self.opened.take() else {
            return;
        };
        match &opened.driver {
            Driver::Sqlite(_, interrupt) => interrupt.set(),
            Driver::MySql(_, session) if self.busy => self.pool.end_statement(*session),
            Driver::MySql(..) | Driver::Postgres(..) => {}
        }
        self.busy = false;
    }

    /// Runs `work` in the background before the connection returns to the pool.
    pub(crate) fn finish<F>(self, work: impl FnOnce(Self) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(work(self))),
            // Closing the connection rolls back its transaction.
            Err(_no_runtime) => {
                let mut lease = self;
                lease.abandon();
            }
        }
    }

    /// Closes this connection after use, because its limits or locks differ from the pool's.
    pub(crate) fn close_when_done(&mut self) {
        self.is_special = true;
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.busy
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.busy || self.is_special {
            self.abandon();
        } else if let Some(opened) = self.opened.take() {
            self.pool.return_connection(opened);
        }
    }
}
