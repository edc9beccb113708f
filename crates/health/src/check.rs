use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::{
    probe::{CheckFailure, Probe, Source},
    report::{CheckReport, CheckStatus},
};

/// A probe and its last result.
pub(crate) struct Check {
    pub(crate) probe: Probe,
    last: Option<Last>,
    last_error: Option<Arc<CheckFailure>>,
}

struct Last {
    healthy: bool,
    latency: Duration,
    at: Instant,
}

impl Check {
    pub(crate) const fn new(probe: Probe) -> Self {
        Self {
            probe,
            last: None,
            last_error: None,
        }
    }

    pub(crate) fn record(
        &mut self,
        outcome: Result<(), CheckFailure>,
        latency: Duration,
        at: Instant,
    ) {
        self.last = Some(Last {
            healthy: outcome.is_ok(),
            latency,
            at,
        });
        if let Err(failure) = outcome {
            self.last_error = Some(Arc::new(failure));
        }
    }

    pub(crate) fn status(&self, max_result_age: Duration) -> CheckStatus {
        match (&self.probe.source, &self.last) {
            (Source::Observed(observe), _) => CheckStatus::of(observe().is_ok()),
            (Source::Polled(_), Some(last)) if last.at.elapsed() <= max_result_age => {
                CheckStatus::of(last.healthy)
            }
            (Source::Polled(_), _) => CheckStatus::Unknown,
        }
    }

    pub(crate) fn report(&self, max_result_age: Duration) -> CheckReport {
        let (status, last_error) = match &self.probe.source {
            Source::Observed(observe) => {
                let outcome = observe();
                (
                    CheckStatus::of(outcome.is_ok()),
                    outcome.err().map(|failure| failure.to_string()),
                )
            }
            Source::Polled(_) => (
                self.status(max_result_age),
                self.last_error.as_ref().map(ToString::to_string),
            ),
        };
        CheckReport {
            name: self.probe.name.to_string(),
            critical: self.probe.critical,
            status,
            latency_ms: self
                .last
                .as_ref()
                .map(|last| last.latency.as_secs_f64() * 1_000.0),
            age_ms: self
                .last
                .as_ref()
                .map(|last| u64::try_from(last.at.elapsed().as_millis()).unwrap_or(u64::MAX)),
            last_error,
        }
    }
}
