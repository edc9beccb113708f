//! The service writes logs to files.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "OBS-1.file-logging",
        title: "The service writes logs to files",
        severity: Severity::Low,
        category: Category::Observability,
        meaning: "A logger in deployed code writes to files (winston `File`, `DailyRotateFile`, Python `FileHandler` and its subclasses, lumberjack).",
        why: "The files are lost with the container, fill its disk, and no collector reads them. With a read-only root file system the service fails.",
        fix: &[(
            "any",
            "Write JSON to standard output and let the platform collect it.",
        )],
        references: &["https://12factor.net/logs"],
    },
    check: Check::Service(|_, service| observed(service, Topic::FileLogging)),
};
