use super::{
    accounts, dependencies, keys, messages, plugins, process, series::Values, slo, workers,
};

/// How fast an operator must react.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Severity {
    /// Immediately, because users notice the failure.
    Page,
    /// During working hours.
    Ticket,
}

impl Severity {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Ticket => "ticket",
        }
    }
}

/// A step of the triage.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TriageStep {
    /// A request to the admin listener that needs no token, and its purpose.
    Open(&'static str, &'static str),
    /// A request to the admin listener with the token, and its purpose.
    Admin(&'static str, &'static str),
    /// A command of the service, and its purpose. Services without the command omit it.
    Command(&'static str, &'static str),
    /// Arguments of kubectl, and their purpose. They also work if no pod runs. `%` is the name of
    /// the service.
    Kubectl(&'static str, &'static str),
}

impl TriageStep {
    /// Returns the purpose of the step.
    pub(crate) const fn purpose(&self) -> &'static str {
        match *self {
            Self::Open(_, purpose)
            | Self::Admin(_, purpose)
            | Self::Command(_, purpose)
            | Self::Kubectl(_, purpose) => purpose,
        }
    }
}

/// An alert before it is rendered for a service.
///
/// In `expression` and in the series of tests, `$name` is a metric with the prefix and the selector
/// of the service. `%` is the threshold. An expression without `%` has no threshold to change.
#[derive(Debug)]
pub(crate) struct Alert {
    pub(crate) name: &'static str,
    /// Metrics without which the service has no such alert.
    pub(crate) required_metrics: &'static [&'static str],
    pub(crate) expression: &'static str,
    pub(crate) threshold: f64,
    pub(crate) for_duration: &'static str,
    pub(crate) severity: Severity,
    pub(crate) summary: &'static str,
    pub(crate) meaning: &'static str,
    pub(crate) causes: &'static [&'static str],
    pub(crate) triage: &'static [TriageStep],
    /// Series of a unit test with which the alert fires.
    pub(crate) fires: &'static [(&'static str, Values)],
    /// Series with which it does not fire.
    pub(crate) silent: &'static [&'static [(&'static str, Values)]],
}

impl Alert {
    /// Whether an overlay can change the threshold.
    pub(crate) fn has_threshold(&self) -> bool {
        self.expression.contains('%')
    }
}

/// Returns all alerts in the order of the runbooks.
pub(crate) fn all() -> impl Iterator<Item = &'static Alert> {
    [
        slo::ALERTS,
        process::ALERTS,
        dependencies::ALERTS,
        messages::ALERTS,
        workers::ALERTS,
        accounts::ALERTS,
        keys::ALERTS,
        plugins::ALERTS,
    ]
    .into_iter()
    .flatten()
}
