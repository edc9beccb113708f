use std::sync::Arc;

use parking_lot::Mutex;
use seaworthy_core::{Code, Error};
use seaworthy_service::Tasks;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::dead_letters::{DeadLetterReport, OutcomeCounts, Progress};

/// The replays and discards of a service, one at a time. Clones share the state.
#[derive(Debug, Clone, Default)]
pub(crate) struct Jobs(Arc<Mutex<Option<Job>>>);

/// A replay or a discard that runs or has ended.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    what: &'static str,
    progress: Progress,
    stop: CancellationToken,
    ended: CancellationToken,
}

/// The state of a job in a response.
#[derive(Debug, Serialize)]
pub(super) struct JobReport {
    what: &'static str,
    running: bool,
    counts: OutcomeCounts,
    report: DeadLetterReport,
}

impl Jobs {
    /// Starts a job. It ends early when the service stops.
    ///
    /// # Errors
    /// Another job runs.
    pub(crate) fn begin<F>(
        &self,
        what: &'static str,
        tasks: &Tasks,
        work: impl FnOnce(Progress) -> F,
    ) -> Result<Job, Error>
    where
        F: Future<Output = DeadLetterReport> + Send + 'static,
    {
        let mut last = self.0.lock();
        if last.as_ref().is_some_and(|job| !job.ended.is_cancelled()) {
            let message = "another job replays or discards dead letters: wait for it, or stop it";
            return Err(Error::new(Code::Conflict, "ALREADY_RUNNING", message));
        }
        let job = Job {
            what,
            progress: Progress::new(),
            stop: CancellationToken::new(),
            ended: CancellationToken::new(),
        };
        let work = work(job.progress.clone());
        let (stop, ended) = (job.stop.clone(), job.ended.clone().drop_guard());
        let (service_stop, progress) = (tasks.stop().clone(), job.progress.clone());
        tasks.spawn(format!("{what} dead letters"), async move {
            tokio::select! {
                _report = work => {}
                () = stop.cancelled() => {}
                () = service_stop.requested() => {}
            }
            let counts = progress.counts();
            tracing::info!(what, ?counts, "the job on dead letters has ended");
            drop(ended);
        });
        *last = Some(job.clone());
        Ok(job)
    }

    pub(crate) fn last(&self) -> Result<Job, Error> {
        let last = self.0.lock().clone();
        last.ok_or_else(|| {
            let message = "no replay or discard was started since the service started";
            Error::new(Code::NotFound, "JOB_NOT_FOUND", message)
        })
    }
}

impl Job {
    pub(super) fn stop(&self) {
        self.stop.cancel();
    }

    pub(super) async fn ended(&self) {
        self.ended.cancelled().await;
    }

    pub(super) fn report(&self) -> JobReport {
        let report = self.progress.report();
        JobReport {
            what: self.what,
            running: !self.ended.is_cancelled(),
            counts: report.counts(),
            report,
        }
    }
}
