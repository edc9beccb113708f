use std::{fmt, future::Future, sync::Arc};

use futures::future::BoxFuture;
use seaworthy_core::{Error, Ratio, Timeout};

use super::schedule::Schedule;
use crate::{
    lease::{FencingToken, LeaseConfig, LeaseStore},
    task::Stop,
};

/// A run that takes longer than this is stuck more often than it is busy.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(300);
/// Enough that replicas started together drift apart, little enough that an interval means what it says.
const DEFAULT_JITTER: Ratio = Ratio::percent(10);
/// One run and two more: a passing fault is over by then, a lasting one should be seen.
const DEFAULT_ATTEMPTS: u32 = 3;

pub(super) type Work =
    Arc<dyn Fn(WorkerRun) -> BoxFuture<'static, Result<(), Error>> + Send + Sync>;

/// Work that a service does on its own account.
#[derive(Clone)]
pub struct Worker {
    pub(super) name: Arc<str>,
    pub(super) schedule: Schedule,
    pub(super) work: Work,
    pub(super) timeout: Timeout,
    pub(super) jitter: Ratio,
    pub(super) attempts: u32,
    pub(super) critical: bool,
    pub(super) singleton: Option<Singleton>,
}

/// How a worker runs on one replica at a time.
#[derive(Debug, Clone)]
pub(super) struct Singleton {
    pub(super) leases: Arc<dyn LeaseStore>,
    pub(super) config: LeaseConfig,
}

/// What a run may know of itself.
#[derive(Debug, Clone)]
pub struct WorkerRun {
    /// Which attempt of this run it is, from 1.
    pub attempt: u32,
    /// The word that the service is stopping: a long run finishes its present piece and returns.
    pub stop: Stop,
    /// Of a singleton: grows with every change of replicas, so that what it writes to can refuse one that was replaced and does not know it yet.
    pub fencing_token: Option<FencingToken>,
}

impl Worker {
    /// A worker by name, schedule and work. A run has a timeout of 5 minutes and 3 attempts, an interval is jittered by 10 %, and a worker that
    /// stalls degrades the service without taking it out; the methods below change each.
    pub fn new<W, F>(name: impl Into<Arc<str>>, schedule: Schedule, work: W) -> Self
    where
        W: Fn(WorkerRun) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), Error>> + Send + 'static,
    {
        Self {
            name: name.into(),
            schedule,
            work: Arc::new(move |run| Box::pin(work(run))),
            timeout: DEFAULT_TIMEOUT,
            jitter: DEFAULT_JITTER,
            attempts: DEFAULT_ATTEMPTS,
            critical: false,
            singleton: None,
        }
    }

    /// Work that is done in steps, as a purge is: each step tells whether there may be more of it, and no step begins once the service stops.
    pub fn in_steps<W, F>(name: impl Into<Arc<str>>, schedule: Schedule, step: W) -> Self
    where
        W: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<bool, Error>> + Send + 'static,
    {
        let step = Arc::new(step);
        Self::new(name, schedule, move |run| {
            let step = Arc::clone(&step);
            async move {
                while !run.stop.is_requested() && step().await? {}
                Ok(())
            }
        })
    }

    /// How long one attempt may take.
    #[must_use]
    pub fn timeout(mut self, timeout: Timeout) -> Self {
        self.timeout = timeout;
        self
    }

    /// The share of an interval by which a run may come later.
    #[must_use]
    pub fn jitter(mut self, jitter: Ratio) -> Self {
        self.jitter = jitter;
        self
    }

    /// How often a failing run is tried; 0 counts as 1.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// Runs on one replica at a time (WORK-2): the one that holds the lease of the worker's name in this store. The others stand by, and one of them takes over when the
    /// holder stops, or within the lease's duration and a pause when it dies.
    #[must_use]
    pub fn singleton(mut self, leases: Arc<dyn LeaseStore>, config: LeaseConfig) -> Self {
        self.singleton = Some(Singleton { leases, config });
        self
    }

    /// Without this worker the service cannot work: its stall turns readiness off.
    #[must_use]
    pub fn critical(mut self) -> Self {
        self.critical = true;
        self
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Worker")
            .field("name", &self.name)
            .field("schedule", &self.schedule)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
