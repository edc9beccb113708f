use std::{future::Future, sync::Arc, time::Duration};

use seaworthy_telemetry::metrics::GaugeGuard;
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{self, Instant},
};

use super::{Pool, opened::Opened};
use crate::{
    DataError, DataErrorKind, Value,
    connection::Answer,
    driver::{Driver, Keep},
};

/// The server's own limit comes first by this much: its refusal leaves the connection usable.
const GRACE: Duration = Duration::from_millis(250);

/// One connection, lent. It goes back to the pool when it is dropped; one whose statement was given up is closed instead, so that the server stops working on it.
pub(crate) struct Lease {
    pool: Pool,
    opened: Option<Opened>,
    /// A statement is under way.
    busy: bool,
    /// The connection has its own settings, so it is closed instead of being returned.
    is_special: bool,
    _place: OwnedSemaphorePermit,
    _in_use: GaugeGuard,
}

/// What is done with a connection.
pub(crate) enum Work<'a> {
    /// A prepared statement.
    Prepared(Arc<str>, &'a [Value], Keep),
    /// Statements without values.
    Plain(&'a str),
}

impl Work<'_> {
    async fn with(self, driver: &mut Driver) -> Result<Answer, DataError> {
        match self {
            Self::Prepared(text, values, keep) => driver.run(text, values, keep).await,
            Self::Plain(text) => driver.run_plain(text).await.map(|()| Answer::default()),
        }
    }
}

impl Lease {
    pub(super) fn new(pool: Pool, place: OwnedSemaphorePermit, opened: Opened) -> Self {
        let in_use = pool.0.metrics.in_use.guard();
        Self {
            pool,
            opened: Some(opened),
            busy: false,
            is_special: false,
            _place: place,
            _in_use: in_use,
        }
    }

    pub(crate) fn driver(&self) -> Option<&Driver> {
        self.opened.as_ref().map(|opened| &opened.driver)
    }

    /// Works with the connection, at the latest until `end`.
    pub(crate) async fn run(
        &mut self,
        work: Work<'_>,
        end: Option<Instant>,
    ) -> Result<Answer, DataError> {
        let patience = Instant::now() + self.pool.config().statement_timeout.get() + GRACE;
        let limit = end.map_or(patience, |end| end.min(patience));
        self.run_until(work, limit, limit < patience).await
    }

    /// Works with the connection for as long as until `limit`, which is a deadline or a limit of ours.
    pub(crate) async fn run_until(
        &mut self,
        work: Work<'_>,
        limit: Instant,
        is_deadline: bool,
    ) -> Result<Answer, DataError> {
        let Some(opened) = self.opened.as_mut() else {
            return Err(DataError::new(
                DataErrorKind::ConnectionLost,
                "the connection is closed",
            ));
        };
        self.busy = true;
        let outcome = time::timeout_at(limit, work.with(&mut opened.driver)).await;
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
                    DataErrorKind::DeadlinePassed
                } else {
                    DataErrorKind::StatementTimeout
                };
                Err(DataError::new(kind, "the statement was given up"))
            }
        }
    }

    /// Closes the connection without a goodbye: whatever the server does for it ends.
    pub(crate) fn abandon(&mut self) {
        let Some(opened) = self.opened.take() else {
            return;
        };
        match &opened.driver {
            Driver::Sqlite(_, interrupt) => interrupt.set(),
            Driver::MySql(_, session) if self.busy => self.pool.end_statement(*session),
            Driver::MySql(..) | Driver::Postgres(_) => {}
        }
        self.busy = false;
    }

    /// Does something with the connection before it goes back, in the background.
    pub(crate) fn finish<F>(self, work: impl FnOnce(Self) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(work(self))),
            // Closing it undoes what was not committed.
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
            self.pool.give_back(opened);
        }
    }
}
