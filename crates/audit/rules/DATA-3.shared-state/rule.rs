//! Parallel requests change state without a lock.

use crate::model::facts::Practice;
use crate::rule::{
    Category, Check, Metadata, Rule, Severity, adjusted_records, checked_then_changed, guesses,
    observed_in_repository,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "DATA-3.shared-state",
        title: "Parallel requests change state without a lock",
        severity: Severity::Medium,
        category: Category::Data,
        meaning: "A component that serves all requests assigns a field, or a handler changes a map, and the file has no lock. Java, Kotlin, Go and C# are read. The finding has low confidence. Stock or a balance that is compared before another call changes it counts too, and so do IDs that replicas share, and values that a replay of events changes. Go, JavaScript, TypeScript, Python, Java: a function that reads, changes and writes back a record counts. So does a check (`isUsed`) or a count that decides about a later change. A record that a called function reads and another call changes counts too. So does a field that gets a new value from its old one (`balance = balance - amount`), also through another variable, if no lock or version protects the record. So does a final state (`CANCELLED`) that a function sets without a look at the present one. JPA: an entity with a status, a stock or a balance has no `@Version`. C#: a record that was read without tracking is written back as a whole.",
        why: "Requests run in parallel. They read half of a change, lose updates, or end the process (Go stops at parallel writes of a map).",
        fix: &[(
            "any",
            "Keep the value in the database or in a local variable. Otherwise guard it with a lock or an atomic type.",
        )],
        references: &["https://go.dev/doc/articles/race_detector"],
    },
    check: Check::Repository(|model| {
        let mut outcomes = observed_in_repository(
            model,
            Practice::SharedState,
            "state that requests share has a lock",
        );
        outcomes.extend(checked_then_changed(model));
        outcomes.extend(adjusted_records(model));
        guesses(outcomes)
    }),
};
