//! Data of users is kept in the memory of one process.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed, or_passed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "DATA-1.state-in-process",
        title: "Data of users is kept in the memory of one process",
        severity: Severity::Medium,
        category: Category::Data,
        meaning: "A library keeps data in memory without an expiry. Or functions change a global map or list whose name is that of user data. The second case has low confidence.",
        why: "Each restart and each deployment loses the data, and a second replica has other data.",
        fix: &[(
            "any",
            "Keep the data in a database, or in Redis with a persistent volume.",
        )],
        references: &["https://12factor.net/processes"],
    },
    check: Check::Service(|_, service| {
        or_passed(
            observed(service, Practice::MemoryState),
            service,
            &["Go", "JavaScript", "TypeScript", "Python", "Java"],
            "no data of users is kept in memory only",
        )
    }),
};
