//! Related writes are not in one transaction.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "DATA-3.partial-write",
        title: "Related writes are not in one transaction",
        severity: Severity::Medium,
        category: Category::Data,
        meaning: "A function changes two stores, two records, or a store and another service, and it mentions no transaction. The finding has low confidence. The rule reports one per file. Go, Java, Kotlin, JavaScript, TypeScript and Python are read. A debit without a way back, and a saga that only logs a failed step, count too. Java, Kotlin: a `@Transactional` method that its own object calls runs without a transaction.",
        why: "A failure between the writes leaves a partial change, which a retry then encounters.",
        fix: &[(
            "any",
            "Put both writes into one transaction. For another service, store an outbox record in the transaction.",
        )],
        references: &["https://microservices.io/patterns/data/transactional-outbox.html"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::PartialWrite,
            "writes that belong together are one transaction",
        )
    }),
};
