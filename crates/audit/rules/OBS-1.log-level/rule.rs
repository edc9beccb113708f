//! The log level is fixed to debug or error.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "OBS-1.log-level",
        title: "The log level is fixed to debug or error",
        severity: Severity::Low,
        category: Category::Observability,
        meaning: "The code sets the literal level `debug`, `trace` or `error` without a condition (logrus, zerolog, winston, `logging.basicConfig`). Spring: `show-sql` is on.",
        why: "At debug level, logs are expensive and hide important lines. At error level, they do not show how a failure began.",
        fix: &[(
            "any",
            "Read the level from `LOG_LEVEL`, with `info` as the default.",
        )],
        references: &["https://12factor.net/config"],
    },
    check: Check::Service(|_, service| observed(service, Practice::LogLevel)),
};
