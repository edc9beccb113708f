use seaworthy::{
    prelude::*,
    telemetry::metrics::{Counter, Metrics},
};

/// Counters of logins and refreshes.
#[derive(Debug, Clone)]
pub(crate) struct LoginMetrics {
    logins: [Counter; 3],
    refreshes: [Counter; 3],
}

impl LoginMetrics {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let counters = |name, help| {
            ["success", "failure", "error"]
                .map(|status| metrics.counter(name, help, &[("status", status)]))
        };
        Self {
            logins: counters("login_attempts_total", "Login attempts, by result."),
            refreshes: counters("token_refresh_total", "Token refreshes, by result."),
        }
    }

    pub(crate) fn record_login<T>(&self, outcome: &Result<T, Error>) {
        count(&self.logins, outcome);
    }

    pub(crate) fn record_refresh<T>(&self, outcome: &Result<T, Error>) {
        count(&self.refreshes, outcome);
    }
}

fn count<T>([success, failure, error]: &[Counter; 3], outcome: &Result<T, Error>) {
    match outcome {
        Ok(_) => success.increment(),
        Err(failed) if failed.code().is_server_fault() => error.increment(),
        Err(_) => failure.increment(),
    }
}
