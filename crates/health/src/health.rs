use std::{
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
    config::HealthConfig,
    probe::{CheckFailure, Examine, Probe},
    report::{CheckStatus, Readiness, Report},
    result::Known,
};

const STARTING: u8 = 0;
const STARTED: u8 = 1;
const STOPPING: u8 = 2;

/// The health of one service. Cheap to clone; all clones are the same health.
#[derive(Clone)]
pub struct Health(Arc<Inner>);

struct Inner {
    config: HealthConfig,
    phase: AtomicU8,
    checks: RwLock<Vec<Known>>,
    waiting_for: RwLock<Vec<Arc<str>>>,
    registered: Notify,
    on_failure: RwLock<Option<FailureHook>>,
}

type FailureHook = Arc<dyn Fn(&str, &CheckFailure) + Send + Sync>;

/// As long as it lives, the start waits for something; dropping it says that the wait is over.
#[derive(Debug)]
#[must_use = "dropping it ends the wait"]
pub struct Waiting {
    health: Health,
    name: Arc<str>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut waiting = self.health.0.waiting_for.write();
        if let Some(position) = waiting.iter().position(|name| *name == self.name) {
            waiting.remove(position);
        }
    }
}

impl Health {
    /// The health of a service that is starting and has no checks yet.
    #[must_use]
    pub fn new(config: HealthConfig) -> Self {
        Self(Arc::new(Inner {
            config,
            phase: AtomicU8::new(STARTING),
            checks: RwLock::new(Vec::new()),
            waiting_for: RwLock::new(Vec::new()),
            registered: Notify::new(),
            on_failure: RwLock::new(None),
        }))
    }

    /// Adds a check. One that asks a dependency is unknown until its first run, which starts at once where [`run`](Self::run) is running.
    pub fn register(&self, probe: Probe) {
        self.0.checks.write().push(Known::new(probe));
        self.0.registered.notify_one();
    }

    /// Calls `hook` on every failed check, for a counter or a log line.
    pub fn on_failure(&self, hook: impl Fn(&str, &CheckFailure) + Send + Sync + 'static) {
        *self.0.on_failure.write() = Some(Arc::new(hook));
    }

    /// Says what the start waits for, until the returned guard is dropped.
    pub fn waiting_for(&self, name: impl Into<Arc<str>>) -> Waiting {
        let name = name.into();
        self.0.waiting_for.write().push(Arc::clone(&name));
        Waiting {
            health: self.clone(),
            name,
        }
    }

    /// The start is complete. Has no effect once the service is stopping.
    pub fn set_started(&self) {
        let _ =
            self.0
                .phase
                .compare_exchange(STARTING, STARTED, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// The stop has begun: not ready from this moment on, whatever the checks say, and for good.
    pub fn set_stopping(&self) {
        self.0.phase.store(STOPPING, Ordering::SeqCst);
    }

    /// Whether the start was ever completed, for the startup probe.
    #[must_use]
    pub fn has_started(&self) -> bool {
        self.0.phase.load(Ordering::SeqCst) != STARTING
    }

    /// Whether traffic should come, from what is known now. Never waits.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let max_result_age = self.0.config.max_result_age.get();
        self.verdict(
            self.0
                .checks
                .read()
                .iter()
                .map(|known| (known.probe.critical, known.status(max_result_age))),
        )
    }

    /// Everything that is known now. Never waits.
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
            status: self.verdict(checks.iter().map(|check| (check.critical, check.status))),
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

    fn verdict(&self, checks: impl Iterator<Item = (bool, CheckStatus)>) -> Readiness {
        if self.0.phase.load(Ordering::SeqCst) != STARTED {
            return Readiness::NotReady;
        }
        let mut verdict = Readiness::Ready;
        for (critical, status) in checks {
            match (critical, status) {
                (_, CheckStatus::Healthy) => {}
                (true, _) => return Readiness::NotReady,
                (false, _) => verdict = Readiness::Degraded,
            }
        }
        verdict
    }

    /// Refreshes every check for ever: at once when it is added, then once per interval, each on its own clock so that a slow one never ages another.
    pub async fn run(&self) {
        let mut refreshers = FuturesUnordered::new();
        loop {
            let registered = self.0.registered.notified();
            let known = self.0.checks.read().len();
            refreshers.extend((refreshers.len()..known).map(|index| self.refresh_for_ever(index)));
            tokio::select! {
                () = registered => {}
                Some(()) = refreshers.next() => {}
            }
        }
    }

    async fn refresh_for_ever(&self, index: usize) {
        let mut ticks = time::interval(self.0.config.interval.get());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.refresh(index).await;
        }
    }

    /// Runs every check once, all beside each other, and returns when the slowest is done or timed out.
    pub async fn refresh_once(&self) {
        let known = self.0.checks.read().len();
        (0..known)
            .map(|index| self.refresh(index))
            .collect::<FuturesUnordered<_>>()
            .collect::<()>()
            .await;
    }

    fn tell(&self, name: &str, failure: &CheckFailure) {
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
        let check = match probe.examine {
            Examine::Ask(check) => check,
            // What is looked at when a report is made is looked at here for the counter alone.
            Examine::Look(look) => {
                if let Err(failure) = look() {
                    self.tell(&probe.name, &failure);
                }
                return;
            }
        };
        let limit = self.0.config.check_timeout;
        let begun = time::Instant::now();
        let guarded = AssertUnwindSafe(async move { check().await }).catch_unwind();
        let outcome = match time::timeout(limit.get(), guarded).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_panic)) => Err(CheckFailure::new("the check panicked")),
            Err(_elapsed) => Err(CheckFailure::new(format!("no answer within {limit}"))),
        };
        if let Err(failure) = &outcome {
            self.tell(&probe.name, failure);
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
