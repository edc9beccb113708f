//! Sample data is added at the start.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-3.sample-data",
        title: "Sample data is added at the start",
        severity: Severity::Low,
        category: Category::Configuration,
        meaning: "Deployed code calls or defines a function that creates sample or test data, and no profile or setting guards it. The finding has low confidence. A migration of Entity Framework that inserts records counts too, and so does a value for tests (`fail-payment`) that changes a result.",
        why: "Production shows invented records, and accounts of samples have known passwords.",
        fix: &[(
            "any",
            "Move the data to a command or a profile that only development runs.",
        )],
        references: &["https://12factor.net/dev-prod-parity"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::SampleData,
            "no deployed code adds sample data",
        )
    }),
};
