//! Prometheus rules, and their unit tests for promtool.

mod accounts;
mod definition;
mod dependencies;
mod expression;
mod keys;
mod messages;
mod plugins;
mod process;
pub(crate) mod recording_rule;
mod rules;
mod series;
mod slo;
mod unit_tests;
mod workers;

use std::collections::BTreeSet;

use seaworthy_facts::Facts;

pub(crate) use self::{
    definition::{Alert, Severity, TriageStep},
    expression::resolve_with,
    series::minutes,
    slo::latency_problem,
};
use crate::{Files, Overlay, yaml::Yaml};

/// An alert of a service, with the values of the facts and of the overlay.
#[derive(Debug, Clone)]
pub(crate) struct Rendered {
    pub(crate) alert: &'static Alert,
    /// The expression of Prometheus.
    pub(crate) expression: String,
    /// The metrics of the service that the expression reads, also through recorded series.
    pub(crate) metrics: BTreeSet<String>,
    pub(crate) for_duration: String,
    pub(crate) severity: Severity,
    /// The series of a unit test at which the alert fires, and lists at which it does not.
    pub(crate) fires: Vec<Series>,
    pub(crate) silent: Vec<Vec<Series>>,
    /// Minutes until the test checks the alert.
    pub(crate) minutes: u32,
}

/// A series of a unit test, and its values in the notation of promtool.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) values: String,
}

/// How long the condition of an alert holds until it fires.
#[derive(Debug, Clone)]
struct ForDuration {
    /// The duration of Prometheus.
    text: String,
    /// The duration in minutes, rounded up.
    minutes: u32,
}

impl ForDuration {
    /// Returns the duration of the overlay, or else of the alert.
    fn new(alert: &Alert, overlay: &Overlay) -> Self {
        let changed = overlay.alerts.get(alert.name);
        let text = changed.and_then(|changed| changed.r#for.as_deref());
        let text = text.unwrap_or(alert.for_duration);
        Self {
            text: text.to_owned(),
            // `Overlay::check` rejects every other text.
            minutes: minutes(text).unwrap_or_default(),
        }
    }
}

/// Returns all alerts.
#[cfg(test)]
pub(crate) fn all() -> impl Iterator<Item = &'static Alert> {
    definition::all()
}

/// Returns the names of all alerts.
pub(crate) fn names() -> Vec<&'static str> {
    definition::all().map(|alert| alert.name).collect()
}

/// Returns the alert of this name.
pub(crate) fn find(name: &str) -> Option<&'static Alert> {
    definition::all().find(|alert| alert.name == name)
}

/// Returns the reason why an alert has no threshold.
pub(crate) fn basis(alert: &Alert) -> &'static str {
    match alert.name {
        slo::FAST | slo::SLOW => {
            "its condition follows availability_percent, latency_percent and latency_seconds"
        }
        workers::STALLED => "its condition follows the interval of each worker",
        keys::EXPIRED => "its condition follows the expiry of the active data key",
        process::EXPIRING | process::EXPIRING_SOON => {
            "its condition follows the expiry of each certificate"
        }
        _ => "its condition is a state",
    }
}

/// Returns the alerts of a service: those whose metrics it registers and whose servers it uses.
pub(crate) fn of_service(facts: &Facts, overlay: &Overlay) -> Vec<Rendered> {
    let mut rendered: Vec<_> = definition::all()
        .filter_map(|alert| {
            let for_duration = ForDuration::new(alert, overlay);
            match alert.name {
                slo::FAST | slo::SLOW => slo::render(alert, facts, overlay, &for_duration),
                workers::STALLED => workers::render(alert, facts, &for_duration),
                _ => expression::render(alert, facts, overlay, &for_duration),
            }
        })
        .collect();
    rendered.retain(|rendered| {
        let changed = overlay.alerts.get(rendered.alert.name);
        changed.and_then(|changed| changed.enabled) != Some(false)
    });
    for rendered in &mut rendered {
        let Some(changed) = overlay.alerts.get(rendered.alert.name) else {
            continue;
        };
        match changed.severity.as_deref() {
            Some("page") => rendered.severity = Severity::Page,
            Some(_) => rendered.severity = Severity::Ticket,
            None => {}
        }
    }
    rendered
}

/// Returns the content of the rules file of a service.
pub(crate) fn groups(facts: &Facts, overlay: &Overlay) -> Yaml {
    rules::groups(facts, &of_service(facts, overlay), overlay)
}

/// Adds `prometheus/NAME.rules.yaml` and `prometheus/NAME.test.yaml`.
pub(crate) fn render(facts: &Facts, overlay: &Overlay, files: &mut Files) {
    let alerts = of_service(facts, overlay);
    let name = &facts.name;
    files.insert(
        format!("prometheus/{name}.rules.yaml"),
        rules::document(facts, &alerts, overlay),
    );
    files.insert(
        format!("prometheus/{name}.test.yaml"),
        unit_tests::document(facts, &alerts),
    );
}
