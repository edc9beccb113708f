//! The default address of a dependency is this host.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-7.local-address",
        title: "The default address of a dependency is this host",
        severity: Severity::Low,
        category: Category::Configuration,
        meaning: "The default address of a database, a broker or another service is `localhost`. Code that reads the environment or declares settings is read, and lists of endpoints. Allowed origins that are all local count as well. The finding has low confidence. The rule reports one per file.",
        why: "A deployment without the setting starts and cannot connect to the dependency.",
        fix: &[(
            "any",
            "Require the setting in production, and keep local addresses in a profile for development.",
        )],
        references: &["https://12factor.net/config"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::LocalAddress,
            "no default address is this host",
        )
    }),
};
