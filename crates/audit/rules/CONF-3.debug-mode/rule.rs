//! Debug mode is enabled in the code.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-3.debug-mode",
        title: "Debug mode is enabled in the code",
        severity: Severity::High,
        category: Category::Configuration,
        meaning: "Flask runs with `debug=True` (low under `if __name__ == \"__main__\"`), FastAPI is created with it, or Django settings set `DEBUG = True`. Django settings for development are excluded. Low confidence for a Gin server without release mode.",
        why: "Error pages show tracebacks and settings. The Flask console lets any visitor run code.",
        fix: &[(
            "any",
            "Read the flag from the environment, with `False` as the default. Fail the start in production if it is true.",
        )],
        references: &["https://docs.djangoproject.com/en/stable/ref/settings/#debug"],
    },
    check: Check::Service(|_, service| observed(service, Topic::DebugMode)),
};
