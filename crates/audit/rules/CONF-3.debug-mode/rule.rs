//! Debug mode in the code of a service.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-3.debug-mode",
        title: "Debug mode is on",
        severity: Severity::High,
        category: Category::Configuration,
        meaning: "Flask runs with `debug=True` (low under `if __name__ == \"__main__\"`), FastAPI is made with it, or Django's settings that are not for development say `DEBUG = True`.",
        why: "Errors answer with tracebacks and settings; Flask's console runs any code for whoever finds it.",
        fix: &[(
            "any",
            "Read it from the environment with `False` as the default, and refuse to start in production when it is on.",
        )],
        references: &["https://docs.djangoproject.com/en/stable/ref/settings/#debug"],
    },
    check: Check::Service(|_, service| observed(service, Topic::DebugMode)),
};
