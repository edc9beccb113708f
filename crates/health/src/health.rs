use std::{
    collections::BTreeSet,
    fmt,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use futures::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use parking_lot::RwLock;
use tokio::{
    sync::Notify,
    time::{self, MissedTickBehavior},
};

use crate::{
    check::Check,
    config::HealthConfig,
    probe::{CheckFailure, Probe, Source},
    report::{CheckStatus, Readiness, Report},
};

const STARTING: u8 = 0;
const STARTED: u8 = 1;
const STOPPING: u8 = 2;

/// The health of a service. Clones share the state.
///
/// ```
/// use seaworthy_health::{Health, HealthConfig, Probe};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let health = Health::new(HealthConfig::default());
/// health.register(Probe::critical("ledger", || async { Ok(()) }));
/// health.set_started();
/// health.refresh_once().await;
/// assert!(health.has_started());
/// # });
/// ```
#[derive(Clone)]
pub struct Health(Arc<Inner>);

struct Inner {
    config: HealthConfig,
    phase: AtomicU8,
    checks: RwLock<Vec<Check>>,
    waiting_for: RwLock<Vec<Arc<str>>>,
    registered: Notify,
    on_failure: RwLock<Option<FailureHook>>,
    /// The names of checks that do not affect readiness.
    ignored: RwLock<BTreeSet<String>>,
}

type FailureHook = Arc<dyn Fn(&str, &CheckFailure) + Send + Sync>;

/// Reports that the start waits for a dependency, until it is dropped.
#[derive(Debug)]
#[must_use = "the report ends when it is dropped"]
pub struct WaitGuard {
    health: Health,
    name: Arc<str>,
}

impl Drop for WaitGuard {
    fn drop(&mut self) {
        let mut waiting = self.health.0.waiting_for.write();
        if let Some(position) = waiting.iter().position(|name| *name == self.name) {
            waiting.remove(position);
        }
    }
}

impl Health {
    /// Creates the health of a starting service without checks.
    #[must_use]
    pub fn new(config: HealthConfig) -> Self {
        Self(Arc::new(Inner {
            config,
            phase: AtomicU8::new(STARTING),
            checks: RwLock::new(Vec::new()),
            waiting_for: RwLock::new(Vec::new()),
            registered: Notify::new(),
            on_failure: RwLock::new(None),
            ignored: RwLock::default(),
        }))
    }

    /// Adds a check. Its status is unknown until its first run, which [`run`](Self::run) starts
    /// immediately.
    pub fn register(&self, probe: Probe) {
        self.0.checks.write().push(Check::new(probe));
        self.0.registered.notify_one();
    }

    /// Sets the function that is called for every failed check.
    pub fn on_failure(&self, hook: impl Fn(&str, &CheckFailure) + Send + Sync + 'static) {
        *self.0.on_failure.write() = Some(Arc::new(hook));
    }

    /// Excludes the checks with these names from the readiness. They still run and are reported.
    /// Replaces the names of the last call.
    pub fn exclude(&self, names: &BTreeSet<String>) {
        self.0.ignored.write().clone_from(names);
    }

    /// Reports that the start waits for `name`, until the guard is dropped.
    pub fn waiting_for(&self, name: impl Into<Arc<str>>) -> WaitGuard {
        let name = name.into();
        self.0.waiting_for.write().push(Arc::clone(&name));
        WaitGuard {
            health: self.clone(),
            name,
        }
    }

    /// Marks the service as started, unless it is stopping.
    pub fn set_started(&self) {
        let _ =
            self.0
                .phase
                .compare_exchange(STARTING, STARTED, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// Marks the service as stopping. The service is unready from then on.
    pub fn set_stopping(&self) {
        self.0.phase.store(STOPPING, Ordering::SeqCst);
    }

    /// Returns whether the service has started, for the startup probe.
    #[must_use]
    pub fn has_started(&self) -> bool {
        self.0.phase.load(Ordering::SeqCst) != STARTING
    }

    /// Returns a function that reads the readiness and does not keep the health alive.
    pub fn readiness_reader(&self) -> impl Fn() -> Readiness + Send + Sync + 'static {
        let inner = Arc::downgrade(&self.0);
        move || {
            let inner = inner.upgrade();
            inner.map_or(Readiness::NotReady, |inner| Self(inner).readiness())
        }
    }

    /// Returns the readiness from the last results, without waiting.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let max_result_age = self.0.config.max_result_age.get();
        let ignored = self.0.ignored.read();
        self.combine(
            self.0
                .checks
                .read()
                .iter()
                .filter(|known| !ignored.contains(&*known.probe.name))
                .map(|known| (known.probe.critical, known.status(max_result_age))),
        )
    }

    /// Returns the last results, without waiting.
    #[must_use]
    pub fn report(&self) -> Report {
        let max_result_age = self.0.config.max_result_age.get();
        let checks: Vec<_> = self
            .0
            .checks
            .read()
            .iter()
            .map(|known| known.report(max_result_age))
            .collect();
        Report {
            status: self.readiness(),
            phase: match self.0.phase.load(Ordering::SeqCst) {
                STARTING => "starting",
                STARTED => "started",
                _ => "stopping",
            },
            waiting_for: self
                .0
                .waiting_for
                .read()
                .iter()
                .map(ToString::to_string)
                .collect(),
            checks,
        }
    }

    fn combine(&self, checks: impl Iterator<Item = (bool, CheckStatus)>) -> Readiness {
        if self.0.phase.load(Ordering::SeqCst) != STARTED {
            return Readiness::NotReady;
        }
        let mut readiness = Readiness::Ready;
        for (critical, status) in checks {
            match (critical, status) {
                (_, CheckStatus::Healthy) => {}
                (true, _) => return Readiness::NotReady,
                (false, _) => readiness = Readiness::Degraded,
            }
        }
        readiness
    }

    /// Runs all checks: immediately when a check is added, then once per interval. Never returns.
    /// Each check has its own timer, so that a slow one does not delay others.
    pub async fn run(&self) {
        let mut refreshers = FuturesUnordered::new();
        loop {
            let registered = self.0.registered.notified();
            let known = self.0.checks.read().len();
            refreshers.extend((refreshers.len()..known).map(|index| self.keep_refreshed(index)));
            tokio::select! {
                () = registered => {}
                Some(()) = refreshers.next() => {}
            }
        }
    }

    async fn keep_refreshed(&self, index: usize) {
        let mut ticks = time::interval(self.0.config.interval.get());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.refresh(index).await;
        }
    }

    /// Runs all checks once, concurrently, and returns when all have ended.
    pub async fn refresh_once(&self) {
        let known = self.0.checks.read().len();
        (0..known)
            .map(|index| self.refresh(index))
            .collect::<FuturesUnordered<_>>()
            .collect::<()>()
            .await;
    }

    fn call_hook(&self, name: &str, failure: &CheckFailure) {
        let hook = self.0.on_failure.read().clone();
        if let Some(hook) = hook {
            hook(name, failure);
        }
    }

    async fn refresh(&self, index: usize) {
        let Some(probe) = self
            .0
            .checks
            .read()
            .get(index)
            .map(|known| known.probe.clone())
        else {
            return;
        };
        let check = match probe.source {
            Source::Polled(check) => check,
            // A report reads an observed state itself. This run only calls the failure hook.
            Source::Observed(observe) => {
                if let Err(failure) = observe() {
                    self.call_hook(&probe.name, &failure);
                }
                return;
            }
        };
        let limit = self.0.config.check_timeout;
        let begun = time::Instant::now();
        let guarded = AssertUnwindSafe(async move { check().await }).catch_unwind();
        let outcome = match time::timeout(limit.get(), guarded).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(CheckFailure::new("the check panicked")),
            Err(_) => Err(CheckFailure::new(format!("no response within {limit}"))),
        };
        if let Err(failure) = &outcome {
            self.call_hook(&probe.name, failure);
        }
        if let Some(known) = self.0.checks.write().get_mut(index) {
            known.record(outcome, begun.elapsed(), time::Instant::now());
        }
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Health")
            .field("readiness", &self.readiness())
            .finish_non_exhaustive()
    }
}
