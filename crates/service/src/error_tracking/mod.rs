//! Sends caught panics, causes of 5xx responses and failed runs of workers to Sentry or a webhook
//! (OBS-8).
//!
//! A bounded queue separates requests from the tracker. A report that finds the queue full, or that
//! the tracker rejects, is counted and dropped. The log has every report.

mod config;
mod target;

use std::sync::Arc;

pub use config::ErrorTrackingConfig;
use seaworthy_telemetry::{
    ErrorReport, ErrorSink,
    metrics::{Counter, Metrics},
};
use target::{Origin, Target};
use tokio::sync::mpsc;

use crate::{assembly::Parts, start_error::StartError};

/// Maximum number of reports that wait for the tracker. If a service fails more often, further
/// reports add no information.
const MAX_QUEUED: usize = 100;

/// Puts reports into the queue.
struct Queue {
    sender: mpsc::Sender<ErrorReport>,
    dropped: Counter,
}

impl ErrorSink for Queue {
    fn report(&self, report: &ErrorReport) {
        if self.sender.try_send(report.clone()).is_err() {
            self.dropped.increment();
        }
    }
}

/// Starts the task that sends reports, if the settings name a tracker.
///
/// # Errors
/// [`StartError`] if a URL is invalid.
pub(crate) fn start(parts: &Parts) -> Result<(), StartError> {
    let metrics = parts.telemetry.metrics();
    let origin = Origin {
        identity: parts.identity.clone(),
        profile: parts.profile,
    };
    let targets = Target::of(&parts.framework.error_tracking, origin, metrics)?;
    if targets.is_empty() {
        return Ok(());
    }
    let (sender, reports) = mpsc::channel(MAX_QUEUED);
    let [sent, failed, dropped] = counters(metrics);
    let queue = Queue { sender, dropped };
    parts.telemetry.errors().add_sink(Arc::new(queue));
    let (targets, reports) = (
        Arc::new(targets),
        Arc::new(tokio::sync::Mutex::new(reports)),
    );
    parts.tasks.supervise("error-tracking", move |stop| {
        let (targets, reports) = (Arc::clone(&targets), Arc::clone(&reports));
        let (sent, failed) = (sent.clone(), failed.clone());
        async move {
            let mut reports = reports.lock().await;
            loop {
                let report = tokio::select! {
                    biased;
                    report = reports.recv() => report,
                    () = stop.requested() => None,
                };
                let Some(report) = report else { return };
                for target in &*targets {
                    match target.send(&report).await {
                        Ok(()) => sent.increment(),
                        Err(error) => {
                            failed.increment();
                            tracing::warn!(%error, tracker = target.name(), "an error report could not be sent");
                        }
                    }
                }
            }
        }
    });
    Ok(())
}

fn counters(metrics: &Metrics) -> [Counter; 3] {
    let sent = metrics.counter(
        "error_reports_sent_total",
        "Reports that a tracker accepted.",
        &[],
    );
    let failed = metrics.counter(
        "error_reports_failed_total",
        "Reports that a tracker did not accept.",
        &[],
    );
    let dropped = metrics.counter(
        "error_reports_dropped_total",
        "Reports dropped because the queue was full.",
        &[],
    );
    [sent, failed, dropped]
}
