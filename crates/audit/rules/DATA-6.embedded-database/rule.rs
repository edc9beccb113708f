//! The default database is a file or the memory of the service.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "DATA-6.embedded-database",
        title: "The default database is a file or the memory of the service",
        severity: Severity::Medium,
        category: Category::Data,
        meaning: "The settings for every environment use SQLite or an in-memory database. Files that read the environment and profiles for development are excluded. The finding has low confidence. C#: `UseInMemoryDatabase` without a condition.",
        why: "Each deployment loses the data, and a second replica has other data.",
        fix: &[(
            "any",
            "Use a database server, and let the environment give its address.",
        )],
        references: &["https://12factor.net/backing-services"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::EmbeddedDatabase,
            "no settings use an embedded database",
        )
    }),
};
