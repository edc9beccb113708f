//! Logs are text without fields.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "OBS-1.text-logs",
        title: "Logs are text without fields",
        severity: Severity::Info,
        category: Category::Observability,
        meaning: "The program installs a text format for its logs, and no file of the service selects JSON. The finding has low confidence. The rule reports one per file. Go: `main.go` uses the standard logger, and no file of the service names one with fields.",
        why: "The log system cannot filter by request, user or duration. Each query parses the text again.",
        fix: &[(
            "any",
            "Write one JSON object per line in production, for example `tracing_subscriber::fmt().json()`.",
        )],
        references: &["https://12factor.net/logs"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(model, Practice::LogFormat, "logs have fields")
    }),
};
