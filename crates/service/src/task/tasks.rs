use std::{any::Any, fmt, future::Future, panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt as _;
use seaworthy_core::{Backoff, RequestContext, ServiceIdentity, Timeout, context};
use tokio::{task::JoinHandle, time};
use tokio_util::task::TaskTracker;

use super::{
    running::{Listed, RunningTasks},
    stop::Stop,
};

/// The first backoff of a failed task. It doubles, so that a task that keeps failing does not fill
/// the log.
const INITIAL_RESTART_BACKOFF: Timeout = Timeout::from_millis(100);
/// The maximum backoff of a failed task: low cost, and recovery without an operator.
const MAX_RESTART_BACKOFF: Timeout = Timeout::from_secs(60);
/// A task that ran this long has recovered, so its backoff restarts at the minimum.
const BACKOFF_RESET_AFTER: Timeout = Timeout::from_secs(60);

/// The tasks of one service. Cheap to clone.
#[derive(Clone)]
pub struct Tasks(Arc<Inner>);

struct Inner {
    identity: ServiceIdentity,
    stop: Stop,
    tracker: TaskTracker,
    running: Arc<RunningTasks>,
    on_panic: PanicHook,
}

type PanicHook = Box<dyn Fn(&TaskPanic) + Send + Sync>;

/// The error of a task that panicked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("task {task:?} panicked: {message}")]
pub struct TaskPanic {
    /// The name of the task.
    pub task: String,
    /// The message of the panic.
    pub message: String,
}

impl TaskPanic {
    pub(crate) fn new(task: &str, payload: &(dyn Any + Send)) -> Self {
        let message = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_owned());
        Self {
            task: task.to_owned(),
            message,
        }
    }
}

impl Tasks {
    /// Creates an empty list. `on_panic` is called for every panic.
    pub(crate) fn new(
        identity: ServiceIdentity,
        on_panic: impl Fn(&TaskPanic) + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Inner {
            identity,
            stop: Stop::new(),
            tracker: TaskTracker::new(),
            running: Arc::new(RunningTasks::default()),
            on_panic: Box::new(on_panic),
        }))
    }

    /// Starts a task that runs once, in the context of the caller. A stop waits for it until the
    /// timeout of the phase.
    ///
    /// The handle returns `None` if the task panicked or was aborted.
    pub fn spawn<F>(&self, name: impl Into<Arc<str>>, future: F) -> JoinHandle<Option<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let context = context::current().unwrap_or_else(|| self.background());
        self.spawn_in(context, name.into(), future)
    }

    /// Starts a task like [`spawn`](Self::spawn), but in its own context. Use it for work of
    /// several requests, to which none of their deadlines applies.
    pub fn spawn_in_new_context<F>(
        &self,
        name: impl Into<Arc<str>>,
        future: F,
    ) -> JoinHandle<Option<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.spawn_in(self.background(), name.into(), future)
    }

    /// Starts a task that is cancelled at its next await when the stop is requested. Use it for a
    /// loop that never returns and has nothing to finish.
    pub fn spawn_until_stop<F>(
        &self,
        name: impl Into<Arc<str>>,
        future: F,
    ) -> JoinHandle<Option<()>>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let stop = self.stop().clone();
        self.spawn_in_new_context(name, async move {
            tokio::select! {
                () = future => {}
                () = stop.requested() => {}
            }
        })
    }

    fn background(&self) -> Arc<RequestContext> {
        RequestContext::background(self.0.identity.clone()).into()
    }

    fn spawn_in<F>(
        &self,
        context: Arc<RequestContext>,
        name: Arc<str>,
        future: F,
    ) -> JoinHandle<Option<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let tasks = self.clone();
        self.start(Arc::clone(&name), async move {
            match AssertUnwindSafe(context::scope(context, future))
                .catch_unwind()
                .await
            {
                Ok(output) => Some(output),
                Err(payload) => {
                    tasks.report(&TaskPanic::new(&name, &*payload));
                    None
                }
            }
        })
    }

    /// Starts a task that runs until the stop. If it panics or returns earlier, it is restarted
    /// with exponential backoff.
    pub fn supervise<M, F>(&self, name: impl Into<Arc<str>>, make: M)
    where
        M: Fn(Stop) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let name = name.into();
        let tasks = self.clone();
        self.start(Arc::clone(&name), async move {
            let backoff = Backoff::new(INITIAL_RESTART_BACKOFF, MAX_RESTART_BACKOFF);
            let mut failures = 0;
            while !tasks.0.stop.is_requested() {
                let begun = time::Instant::now();
                let context = Arc::new(RequestContext::background(tasks.0.identity.clone()));
                let once = context::scope(context, make(tasks.0.stop.clone()));
                let outcome = AssertUnwindSafe(once).catch_unwind().await;
                if tasks.0.stop.is_requested() {
                    return;
                }
                match outcome {
                    Ok(()) => tracing::warn!(task = &*name, "a supervised task ended and is restarted"),
                    Err(payload) => tasks.report(&TaskPanic::new(&name, &*payload)),
                }
                if begun.elapsed() >= BACKOFF_RESET_AFTER.get() {
                    failures = 0;
                }
                tokio::select! {
                    () = time::sleep(backoff.delay(failures)) => failures = failures.saturating_add(1),
                    () = tasks.0.stop.requested() => return,
                }
            }
        });
    }

    fn start<F>(&self, name: Arc<str>, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let listed: Listed = self.0.running.enter(name);
        let number = listed.number();
        let handle = self.0.tracker.spawn(async move {
            let _listed = listed;
            future.await
        });
        self.0
            .running
            .set_abort_handle(number, handle.abort_handle());
        handle
    }

    pub(crate) fn report(&self, panic: &TaskPanic) {
        (self.0.on_panic)(panic);
    }

    /// Returns the stop signal of the service.
    #[must_use]
    pub fn stop(&self) -> &Stop {
        &self.0.stop
    }

    /// Returns the names of the running tasks.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.0.running.names()
    }

    pub(super) fn begin_stop(&self) {
        self.0.stop.request();
        self.0.tracker.close();
    }

    pub(super) async fn all_stopped(&self) {
        self.0.tracker.wait().await;
    }

    pub(super) fn abort_all(&self) {
        self.0.running.abort_all();
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Tasks")
            .field("running", &self.names())
            .finish_non_exhaustive()
    }
}
