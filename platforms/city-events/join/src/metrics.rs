use seaworthy::{
    axum::http::{HeaderMap, HeaderName, header},
    prelude::*,
    telemetry::metrics::{Counter, Format, Metrics},
};

use crate::domain::{JoinError, JoinStatus};

/// What came of the wish to join.
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
                "Wishes to join, by what came of them.",
                &[("status", status)],
            )
        };
        Self {
            active: counter("active"),
            waitlisted: counter("waitlisted"),
            error: counter("error"),
        }
    }

    pub(crate) fn count<T>(&self, result: &Result<(JoinStatus, T), JoinError>) {
        match result {
            Ok((JoinStatus::Active, _)) => self.active.increment(),
            Ok((JoinStatus::Waitlisted, _)) => self.waitlisted.increment(),
            _ => self.error.increment(),
        }
    }
}

/// The metrics for callers, at this path.
pub(crate) fn route(path: &str, metrics: &Metrics) -> Routes {
    let metrics = metrics.clone();
    Routes::new()
        .get(path, async move |headers: HeaderMap| {
            let accept = headers.get(header::ACCEPT);
            let accept = accept.and_then(|value| value.to_str().ok());
            let format = Format::negotiate(accept.unwrap_or_default());
            let content_type: [(HeaderName, &str); 1] =
                [(header::CONTENT_TYPE, format.content_type())];
            (content_type, metrics.render(format))
        })
        .with_options(|options| options.access(Access::Public))
}
