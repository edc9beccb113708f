//! The service does not flush telemetry when it stops.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_anywhere};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-4.telemetry-flush",
        title: "The service does not flush telemetry when it stops",
        severity: Severity::Low,
        category: Category::Lifecycle,
        meaning: "The service creates a tracer with a batch exporter, and never shuts it down or flushes it. Python is excluded, because it flushes at exit. Low confidence for a buffered logger that is not flushed.",
        why: "The spans of a pod's last seconds are lost. They often show the cause of the stop.",
        fix: &[(
            "any",
            "Call the provider's `Shutdown` with a timeout as the last step of the shutdown.",
        )],
        references: &["https://opentelemetry.io/docs/languages/go/getting-started/"],
    },
    check: Check::Service(|_, service| observed_anywhere(service, Practice::TelemetryFlush)),
};
