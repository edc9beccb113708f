//! A log level that is wrong in production.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "OBS-1.log-level",
        title: "The log level is fixed to debug or to error",
        severity: Severity::Low,
        category: Category::Observability,
        meaning: "The level is a literal `debug`, `trace` or `error`, set without a condition (logrus, zerolog, winston, `logging.basicConfig`).",
        why: "At debug the logs drown what matters and cost more than the service; at error nobody sees how a failure began.",
        fix: &[(
            "any",
            "Read it from `LOG_LEVEL` with `info` as the default.",
        )],
        references: &["https://12factor.net/config"],
    },
    check: Check::Service(|_, service| observed(service, Topic::LogLevel)),
};
