use seaworthy::telemetry::metrics::{Counter, Metrics};

use crate::{application::JoinError, domain::JoinStatus};

/// The counters of join requests.
#[derive(Debug, Clone)]
pub(crate) struct JoinMetrics {
    active: Counter,
    waitlisted: Counter,
    error: Counter,
}

impl JoinMetrics {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let counter = |status| {
            metrics.counter(
                "joins_total",
                "Requests to join an event, by result.",
                &[("status", status)],
            )
        };
        Self {
            active: counter("active"),
            waitlisted: counter("waitlisted"),
            error: counter("error"),
        }
    }

    /// Counts the result of a join request.
    pub(crate) fn record<T>(&self, result: &Result<(JoinStatus, T), JoinError>) {
        match result {
            Ok((JoinStatus::Active, _)) => self.active.increment(),
            Ok((JoinStatus::Waitlisted, _)) => self.waitlisted.increment(),
            _ => self.error.increment(),
        }
    }
}
