//! A transaction waits for another service or a broker.

use crate::rule::{Category, Check, Metadata, Rule, Severity, or_passed, remote_in_transaction};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "DATA-3.remote-in-transaction",
        title: "A transaction waits for another service or a broker",
        severity: Severity::Medium,
        category: Category::Data,
        meaning: "While a transaction is open (`@Transactional`, `transaction(…)`, `Begin` … `Commit`, `atomic()`), the code calls another service or sends a message. The call may be inside a called function. Clients are recognized by their names. The report lists each call of a transaction. The finding has low confidence.",
        why: "A slow service holds the locks and the connection of the transaction. A rollback does not undo the call or the message.",
        fix: &[(
            "any",
            "Call other services before or after the transaction. Store messages in an outbox inside of it.",
        )],
        references: &["https://microservices.io/patterns/data/transactional-outbox.html"],
    },
    check: Check::Service(|_, service| {
        or_passed(
            remote_in_transaction(service),
            service,
            &[
                "Go",
                "JavaScript",
                "TypeScript",
                "Python",
                "Java",
                "Kotlin",
                "Rust",
            ],
            "no transaction waits for another service",
        )
    }),
};
