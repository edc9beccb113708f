use std::{fmt, future::Future, sync::Arc};

use futures::future::BoxFuture;
use seaworthy_core::{Error, Ratio, Timeout};

use super::schedule::Schedule;
use crate::{
    lease::{FencingToken, LeaseConfig, LeaseStore},
    task::Stop,
};

/// The default timeout of an attempt. A longer one is probably stuck.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(300);
/// The default jitter, enough to spread replicas that start together.
const DEFAULT_JITTER: Ratio = Ratio::percent(10);
/// The default number of attempts, enough for a transient failure.
const DEFAULT_MAX_ATTEMPTS: u32 = 3;

pub(super) type Work =
    Arc<dyn Fn(WorkerRun) -> BoxFuture<'static, Result<(), Error>> + Send + Sync>;

/// Background work of a service.
///
/// ```
/// use seaworthy_core::Timeout;
/// use seaworthy_service::{Schedule, Worker};
///
/// let worker = Worker::new(
///     "refresh exchange rates",
///     Schedule::Interval(Timeout::from_secs(60)),
///     async |_run| Ok(()),
/// )
/// .timeout(Timeout::from_secs(10))
/// .attempts(3);
/// # drop(worker);
/// ```
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

/// The lease of a singleton.
#[derive(Debug, Clone)]
pub(super) struct Singleton {
    pub(super) leases: Arc<dyn LeaseStore>,
    pub(super) config: LeaseConfig,
}

/// The context of a run.
#[derive(Debug, Clone)]
pub struct WorkerRun {
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// The stop signal. A long run finishes its current step and returns.
    pub stop: Stop,
    /// The token of a singleton. It grows with every change of the replica, so that a store can
    /// reject writes of a replica that was replaced.
    pub fencing_token: Option<FencingToken>,
}

impl Worker {
    /// Creates a worker. By default a run has a timeout of 5 minutes and 3 attempts, and an
    /// interval has a jitter of 10 %. A stalled worker makes the service `degraded`.
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
            attempts: DEFAULT_MAX_ATTEMPTS,
            critical: false,
            singleton: None,
        }
    }

    /// Creates a worker that runs in steps, such as a purge. Each step returns whether there may be
    /// more work. No step begins after the stop signal.
    pub fn in_batches<W, F>(name: impl Into<Arc<str>>, schedule: Schedule, step: W) -> Self
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

    /// Creates a worker as [`in_batches`](Self::in_batches) does, whose steps get a shared state.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use seaworthy_core::Timeout;
    /// use seaworthy_service::Worker;
    ///
    /// let queue = Arc::new(String::from("mail"));
    /// let every = Timeout::from_secs(60);
    /// let worker = Worker::in_batches_of("send", every, &queue, async |queue| Ok(queue.is_empty()));
    /// # drop(worker);
    /// ```
    pub fn in_batches_of<S, F>(
        name: impl Into<Arc<str>>,
        interval: Timeout,
        state: &Arc<S>,
        step: impl Fn(Arc<S>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        S: Send + Sync + 'static,
        F: Future<Output = Result<bool, Error>> + Send + 'static,
    {
        let state = Arc::clone(state);
        Self::in_batches(name, Schedule::Interval(interval), move || {
            step(Arc::clone(&state))
        })
    }

    /// Sets the time limit for one attempt.
    #[must_use]
    pub fn timeout(mut self, timeout: Timeout) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the maximum delay of a run, as a ratio of the interval.
    #[must_use]
    pub fn jitter(mut self, jitter: Ratio) -> Self {
        self.jitter = jitter;
        self
    }

    /// Sets the maximum attempts of a run. 0 counts as 1.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// Runs the worker on one replica at a time (WORK-2): the holder of the lease with the worker's
    /// name in this store. Another replica takes over when the holder stops. If the holder crashes,
    /// it takes over after the duration of the lease and one poll interval.
    #[must_use]
    pub fn singleton(mut self, leases: Arc<dyn LeaseStore>, config: LeaseConfig) -> Self {
        self.singleton = Some(Singleton { leases, config });
        self
    }

    /// Marks the worker as critical: if it stalls, the service is not ready.
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
