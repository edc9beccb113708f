use seaworthy::{
    axum::http::{HeaderMap, HeaderName, header},
    prelude::*,
    telemetry::metrics::{Counter, Format, Metrics},
};

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

/// Serves the metrics at this path of the HTTP listener.
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
