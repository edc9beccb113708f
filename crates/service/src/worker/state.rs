use std::time::Duration;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use seaworthy_health::CheckFailure;
use serde::Serialize;
use tokio::{sync::Notify, time::Instant};

/// The state of a worker at the admin listener.
#[derive(Debug, Clone, Serialize)]
pub struct WorkerReport {
    /// The name of the worker.
    pub name: String,
    /// The schedule as text.
    pub schedule: String,
    /// Whether the worker is paused.
    pub paused: bool,
    /// Whether a run is in progress.
    pub running: bool,
    /// Whether the worker is a singleton and another replica holds its lease.
    pub standby: bool,
    /// Completed runs, successful or failed.
    pub runs: u64,
    /// Runs that failed after all attempts.
    pub failures: u64,
    /// The start of the last run.
    pub last_run: Option<DateTime<Utc>>,
    /// The duration of the last run in seconds.
    pub last_duration_seconds: Option<f64>,
    /// The error of the last failed run.
    pub last_error: Option<String>,
    /// The time of the next run.
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
    /// The next run of an interval worker on the monotonic clock.
    pub(super) due_at: Option<Instant>,
    /// The time from which the worker has not run for twice its interval.
    pub(super) overdue_at: Option<Instant>,
}

/// The state of one worker, shared by its loop, its health check and the admin listener.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) facts: Mutex<Facts>,
    pub(super) run_now: Notify,
    pub(super) resumed: Notify,
}

impl State {
    /// Records that another replica holds the lease, so no run is overdue here.
    pub(super) fn set_standby(&self) {
        let mut facts = self.facts.lock();
        facts.standby = true;
        facts.next_run = None;
        facts.overdue_at = None;
    }

    /// Records that the lease was lost during a run.
    pub(super) fn set_lease_lost(&self, problem: &str) {
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
                    .map_or_else(|| "startup".to_owned(), |at| at.to_rfc3339());
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
