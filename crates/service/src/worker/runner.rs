use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use chrono::Utc;
use futures::FutureExt as _;
use rand::RngExt as _;
use seaworthy_core::{Backoff, RequestContext, ServiceIdentity, Timeout, context};
use tokio::time::{self, Instant};

use super::{
    definition::{Singleton, Worker, WorkerRun},
    schedule::Schedule,
    state::State,
};
use crate::{
    lease::{FencingToken, Lease},
    task::{Stop, TaskPanic},
};

/// The first backoff between attempts, short compared to an interval.
const INITIAL_RETRY_BACKOFF: Timeout = Timeout::from_millis(500);
/// The maximum backoff between attempts. After that the next run is the better retry.
const MAX_RETRY_BACKOFF: Timeout = Timeout::from_secs(30);
/// The interval at which a cron worker reads the wall clock, because the clock may jump.
const CLOCK_CHECK_INTERVAL: Duration = Duration::from_secs(30);

/// Records the metrics of runs.
pub(crate) trait Observer: Send + Sync {
    fn started(&self, worker: &str);
    fn ran(&self, worker: &str, outcome: Result<(), &str>, duration: Duration);
    fn panicked(&self, panic: &TaskPanic);
    /// Records whether this replica holds the lease of a singleton.
    fn holds_lease(&self, worker: &str, is_held: bool);
}

pub(super) struct Runner {
    pub(super) worker: Worker,
    pub(super) state: Arc<State>,
    pub(super) identity: ServiceIdentity,
    pub(super) observer: Arc<dyn Observer>,
}

enum Due {
    At(Instant),
    CheckAgain(Instant),
    Never,
}

impl Runner {
    /// Runs the worker until the stop. A singleton runs only while this replica holds the lease.
    /// The current run finishes at the stop.
    pub(super) async fn run(&self, stop: Stop) {
        let Some(Singleton { leases, config }) = &self.worker.singleton else {
            return self.work(stop, None).await;
        };
        let name = format!("worker/{}/{}", self.identity.name(), self.worker.name);
        let lease = Lease::new(Arc::clone(leases), name, config.clone());
        while !stop.is_requested() {
            self.state.set_standby();
            let mut grant = tokio::select! {
                grant = lease.acquire() => grant,
                () = stop.requested() => return,
            };
            let token = grant.token();
            tracing::info!(worker = &*self.worker.name, fence = %token, "this replica runs the worker");
            self.state.facts.lock().standby = false;
            self.observer.holds_lease(&self.worker.name, true);
            let ended = grant.run(self.work(stop.clone(), Some(token))).await;
            self.observer.holds_lease(&self.worker.name, false);
            match ended {
                Ok(()) => grant.release().await,
                Err(lost) => {
                    tracing::warn!(worker = &*self.worker.name, fence = %token, "{lost}: another replica runs the worker");
                    self.state.set_lease_lost(&lost.to_string());
                }
            }
        }
    }

    async fn work(&self, stop: Stop, token: Option<FencingToken>) {
        self.plan();
        let backoff = Backoff::new(INITIAL_RETRY_BACKOFF, MAX_RETRY_BACKOFF);
        let mut failures_in_a_row = 0_u32;
        while !stop.is_requested() {
            let due = self.due();
            let paused = self.state.facts.lock().paused;
            tokio::select! {
                biased;
                () = stop.requested() => return,
                () = self.state.run_now.notified() => {}
                () = self.state.resumed.notified() => { self.plan(); continue; }
                again = wait(due), if !paused => if again { continue; },
            }
            let succeeded = self.run_once(&stop, token).await;
            self.plan();
            failures_in_a_row = if succeeded {
                0
            } else {
                failures_in_a_row.saturating_add(1)
            };
            // The schedule delays other workers. A continuous worker that fails immediately would
            // use a whole core.
            if failures_in_a_row > 0 && matches!(self.worker.schedule, Schedule::Continuous) {
                tokio::select! {
                    () = stop.requested() => return,
                    () = self.state.run_now.notified() => self.state.run_now.notify_one(),
                    () = time::sleep(backoff.delay(failures_in_a_row - 1)) => {}
                }
            }
        }
    }

    fn due(&self) -> Due {
        let facts = self.state.facts.lock();
        match (&self.worker.schedule, facts.due_at, facts.next_run) {
            (Schedule::Continuous, ..) => Due::At(Instant::now()),
            (Schedule::Interval(_), Some(at), _) => Due::At(at),
            (Schedule::Cron(_), _, Some(next)) => {
                match (next - Utc::now()).to_std().unwrap_or_default() {
                    left if left > CLOCK_CHECK_INTERVAL => {
                        Due::CheckAgain(Instant::now() + CLOCK_CHECK_INTERVAL)
                    }
                    left => Due::At(Instant::now() + left),
                }
            }
            _ => Due::Never,
        }
    }

    /// Sets the time of the next run, and the time at which the worker counts as stalled.
    fn plan(&self) {
        let (now, clock) = (Utc::now(), Instant::now());
        let wall = |wait| now.checked_add_signed(chrono::TimeDelta::from_std(wait).ok()?);
        let mut facts = self.state.facts.lock();
        match &self.worker.schedule {
            Schedule::Continuous => {}
            Schedule::Interval(interval) => {
                let interval = interval.get();
                let wait = interval
                    + interval.mul_f64(self.worker.jitter.get() * rand::rng().random::<f64>());
                facts.due_at = Some(clock + wait);
                facts.next_run = wall(wait);
                facts.overdue_at = Some(clock + interval * 2);
            }
            Schedule::Cron(cron) => {
                facts.next_run = cron.next_after(now);
                let wait = facts.next_run.and_then(|next| (next - now).to_std().ok());
                facts.overdue_at = wait
                    .zip(cron.interval_after(now))
                    .map(|(wait, gap)| clock + wait + gap);
            }
        }
    }

    /// Returns whether the run succeeded.
    async fn run_once(&self, stop: &Stop, token: Option<FencingToken>) -> bool {
        let begun = Instant::now();
        {
            let mut facts = self.state.facts.lock();
            facts.running = true;
            facts.last_run = Some(Utc::now());
            facts.next_run = None;
        }
        let outcome = self.attempts(stop, token).await;
        let duration = begun.elapsed();
        let succeeded = outcome.is_ok();
        let observed = outcome.as_ref().copied().map_err(String::as_str);
        self.observer.ran(&self.worker.name, observed, duration);
        let mut facts = self.state.facts.lock();
        facts.running = false;
        facts.runs = facts.runs.saturating_add(1);
        facts.last_duration = Some(duration);
        if let Err(problem) = outcome {
            facts.failures = facts.failures.saturating_add(1);
            facts.last_error = Some(problem);
        }
        succeeded
    }

    async fn attempts(&self, stop: &Stop, token: Option<FencingToken>) -> Result<(), String> {
        let backoff = Backoff::new(INITIAL_RETRY_BACKOFF, MAX_RETRY_BACKOFF);
        let mut attempt = 1;
        loop {
            let context = Arc::new(RequestContext::background(self.identity.clone()));
            let result = context::scope(context, self.attempt(attempt, stop, token)).await;
            match result {
                Ok(()) => return Ok(()),
                Err(problem) if attempt >= self.worker.attempts || stop.is_requested() => {
                    return Err(problem);
                }
                Err(_) => {}
            }
            tokio::select! {
                () = time::sleep(backoff.delay(attempt - 1)) => attempt += 1,
                () = stop.requested() => return Err("the service stopped before the next attempt".to_owned()),
            }
        }
    }

    async fn attempt(
        &self,
        attempt: u32,
        stop: &Stop,
        token: Option<FencingToken>,
    ) -> Result<(), String> {
        let work = Arc::clone(&self.worker.work);
        let run = WorkerRun {
            attempt,
            stop: stop.clone(),
            fencing_token: token,
        };
        let guarded = AssertUnwindSafe(async move { work(run).await }).catch_unwind();
        let problem = match time::timeout(self.worker.timeout.get(), guarded).await {
            Ok(Ok(Ok(()))) => return Ok(()),
            Ok(Ok(Err(error))) => error
                .cause()
                .map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}")),
            Ok(Err(payload)) => {
                let panic = TaskPanic::new(&self.worker.name, &*payload);
                self.observer.panicked(&panic);
                panic.to_string()
            }
            Err(_elapsed) => format!("timed out after {}", self.worker.timeout),
        };
        tracing::warn!(
            worker = &*self.worker.name,
            attempt,
            problem,
            "run of a worker failed"
        );
        Err(problem)
    }
}

/// Waits until a run is due. Returns `true` if it is only time to read the clock again.
async fn wait(due: Due) -> bool {
    match due {
        Due::At(moment) => {
            time::sleep_until(moment).await;
            false
        }
        Due::CheckAgain(moment) => {
            time::sleep_until(moment).await;
            true
        }
        Due::Never => std::future::pending().await,
    }
}
