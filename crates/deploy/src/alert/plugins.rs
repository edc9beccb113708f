//! Alerts on plugins.

use super::{
    Alert, Severity, TriageStep,
    series::{
        ABOVE,
        Level::Number,
        Values::{Constant, Growth},
    },
};

pub(super) const ALERTS: &[Alert] = &[Alert {
    name: "PluginDisabled",
    required_metrics: &["plugin_faults_total"],
    expression: "sum by (namespace, job, plugin) (increase($plugin_faults_total{reason=\"disabled\"}[15m])) > %",
    threshold: 0.0,
    for_duration: "0m",
    severity: Severity::Ticket,
    summary: "rejects calls of the disabled plugin {{ $labels.plugin }}",
    meaning: "A plugin had too many faults, so the service disabled it and rejects its calls. The service skips the event handlers of the plugin and its hooks without a veto. With `on_failure: closed` (the default), calls of its hooks with a veto and of its decisions fail with 503. This ends when a trial succeeds or an operator enables the plugin.",
    causes: &[
        "A bug of the plugin: the log has the problem of the last fault.",
        "A limit of the plugin that is too low: the reasons in `plugin_faults_total` name it.",
    ],
    triage: &[
        TriageStep::Open(
            "/metrics",
            "`plugin_faults_total` by plugin and reason, and `plugin_calls_total`",
        ),
        TriageStep::Admin("/plugins", "the state and the last problem of each plugin"),
    ],
    fires: &[(
        "$plugin_faults_total{instance=\"a\",plugin=\"guard\",reason=\"disabled\"}",
        Growth(ABOVE),
    )],
    silent: &[
        &[(
            "$plugin_faults_total{instance=\"a\",plugin=\"guard\",reason=\"disabled\"}",
            Constant(Number(3)),
        )],
        &[(
            "$plugin_faults_total{instance=\"a\",plugin=\"guard\",reason=\"timeout\"}",
            Growth(ABOVE),
        )],
        &[],
    ],
}];
