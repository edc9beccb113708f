//! Prometheus rules, and their unit tests for promtool.

mod catalogue;
mod dependencies;
mod expression;
mod messages;
mod process;
pub(crate) mod queue;
mod rules;
mod slo;
mod unit_tests;
mod workers;

use seaworthy_facts::Facts;

pub(crate) use self::{
    catalogue::{Alert, Severity, TriageStep},
    expression::resolve,
};
use crate::{Files, Overlay};

/// An alert of a service, with the values of the facts and of the overlay.
#[derive(Debug, Clone)]
pub(crate) struct Rendered {
    pub(crate) alert: &'static Alert,
    /// The expression of Prometheus.
    pub(crate) expression: String,
    pub(crate) wait: String,
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

/// Returns the names of all alerts.
pub(crate) fn names() -> Vec<&'static str> {
    catalogue::all().map(|alert| alert.name).collect()
}

/// Whether an alert has this name.
pub(crate) fn is_known(name: &str) -> bool {
    names().contains(&name)
}

/// Returns the alerts of a service: those whose metrics it registers.
pub(crate) fn of_service(facts: &Facts, overlay: &Overlay) -> Vec<Rendered> {
    let mut rendered: Vec<_> = catalogue::all()
        .filter_map(|alert| match alert.name {
            slo::FAST | slo::SLOW => slo::render(alert, facts, overlay),
            workers::STALLED => workers::render(alert, facts),
            _ => expression::render(alert, facts, overlay),
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
        if let Some(wait) = &changed.r#for {
            rendered.wait.clone_from(wait);
        }
        match changed.severity.as_deref() {
            Some("page") => rendered.severity = Severity::Page,
            Some(_) => rendered.severity = Severity::Ticket,
            None => {}
        }
    }
    rendered
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
