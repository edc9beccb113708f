//! The last traces, which are the interesting ones, are lost.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_anywhere};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-4.telemetry-flush",
        title: "Telemetry is not flushed when the service stops",
        severity: Severity::Low,
        category: Category::Lifecycle,
        meaning: "A tracer with a batching exporter is made, and nothing in the service shuts it down or flushes it. Python flushes at exit by itself.",
        why: "What happened during the last seconds of a pod, often the reason why it went, is never seen.",
        fix: &[(
            "any",
            "Call the provider's `Shutdown` as the last step of the stop, with a time limit.",
        )],
        references: &["https://opentelemetry.io/docs/languages/go/getting-started/"],
    },
    check: Check::Service(|_, service| observed_anywhere(service, Topic::TelemetryFlush)),
};
