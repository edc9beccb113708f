use std::time::Duration;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use seaworthy_health::CheckFailure;
use serde::Serialize;
use tokio::{sync::Notify, time::Instant};

/// What the admin listener shows of a worker.
#[derive(Debug, Clone, Serialize)]
pub struct WorkerReport {
    /// The worker's name.
    pub name: String,
    /// When it runs, for people.
    pub schedule: String,
    /// Whether it is paused.
    pub paused: bool,
    /// Whether a run is under way.
    pub running: bool,
    /// Whether it is a singleton whose lease another replica holds.
    pub standby: bool,
    /// Runs that ended, good and bad.
    pub runs: u64,
    /// Runs that ended badly after all their attempts.
    pub failures: u64,
    /// When the last run began.
    pub last_run: Option<DateTime<Utc>>,
    /// How long it took, in seconds.
    pub last_duration_seconds: Option<f64>,
    /// Why the last failed run failed.
    pub last_error: Option<String>,
    /// When the next run is due.
    pub next_run: Option<DateTime<Utc>>,
}

#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) paused: bool,
    pub(super) running: bool,
    pub(super) standby: bool,
    pub(super) runs: u64,
    pub(super) failures: u64,
    pub(super) last_run: Option<DateTime<Utc>>,
    pub(super) last_duration: Option<Duration>,
    pub(super) last_error: Option<String>,
    pub(super) next_run: Option<DateTime<Utc>>,
    /// When an interval worker runs next, on the clock that never jumps.
    pub(super) due_at: Option<Instant>,
    /// From this moment on the worker has not run for twice its interval.
    pub(super) overdue_at: Option<Instant>,
}

/// One worker's state, shared by its loop, its health check and the admin listener.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) facts: Mutex<Facts>,
    pub(super) run_now: Notify,
    pub(super) resumed: Notify,
}

impl State {
    /// Another replica holds the lease: nothing runs here, and nothing is overdue.
    pub(super) fn stand_by(&self) {
        let mut facts = self.facts.lock();
        facts.standby = true;
        facts.next_run = None;
        facts.overdue_at = None;
    }

    /// The lease was lost while a run was under way.
    pub(super) fn was_cut(&self, problem: &str) {
        let mut facts = self.facts.lock();
        if std::mem::take(&mut facts.running) {
            facts.runs = facts.runs.saturating_add(1);
            facts.failures = facts.failures.saturating_add(1);
            facts.last_error = Some(problem.to_owned());
        }
    }

    pub(super) fn health(&self) -> Result<(), CheckFailure> {
        let facts = self.facts.lock();
        match facts.overdue_at {
            Some(overdue) if !facts.paused && Instant::now() > overdue => {
                let since = facts
                    .last_run
                    .map_or_else(|| "the start".to_owned(), |at| at.to_rfc3339());
                Err(CheckFailure::new(format!("has not run since {since}")))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn report(&self, name: &str, schedule: &str) -> WorkerReport {
        let facts = self.facts.lock();
        WorkerReport {
            name: name.to_owned(),
            schedule: schedule.to_owned(),
            paused: facts.paused,
            running: facts.running,
            standby: facts.standby,
            runs: facts.runs,
            failures: facts.failures,
            last_run: facts.last_run,
            last_duration_seconds: facts.last_duration.map(|duration| duration.as_secs_f64()),
            last_error: facts.last_error.clone(),
            next_run: facts.next_run.filter(|_| !facts.paused),
        }
    }
}
