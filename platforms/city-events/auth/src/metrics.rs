use seaworthy::{
    axum::http::{HeaderMap, HeaderName, header},
    prelude::*,
    telemetry::metrics::{Counter, Format, Metrics},
};

/// What is counted of logins.
#[derive(Debug, Clone)]
pub(crate) struct Counts {
    logins: [Counter; 3],
    refreshes: [Counter; 3],
}

impl Counts {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let counters = |name, help| {
            ["success", "failure", "error"]
                .map(|status| metrics.counter(name, help, &[("status", status)]))
        };
        Self {
            logins: counters("login_attempts_total", "Logins that were tried."),
            refreshes: counters("token_refresh_total", "Refresh tokens that were shown."),
        }
    }

    pub(crate) fn login<T>(&self, outcome: &Result<T, Error>) {
        count(&self.logins, outcome);
    }

    pub(crate) fn refresh<T>(&self, outcome: &Result<T, Error>) {
        count(&self.refreshes, outcome);
    }
}

fn count<T>([success, failure, error]: &[Counter; 3], outcome: &Result<T, Error>) {
    match outcome {
        Ok(_) => success.increment(),
        Err(refused) if refused.code().is_server_fault() => error.increment(),
        Err(_) => failure.increment(),
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
