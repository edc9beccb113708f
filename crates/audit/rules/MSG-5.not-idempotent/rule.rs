//! A message that arrives twice has its effect twice.

use crate::model::facts::Practice;
use crate::rule::{
    Category, Check, Metadata, Rule, Severity, observed_in_repository, repeated_messages,
    retried_changes,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "MSG-5.not-idempotent",
        title: "A message that arrives twice has its effect twice",
        severity: Severity::Medium,
        category: Category::Data,
        meaning: "A consumer inserts, sends or charges, and its file mentions no identifier of the message, no unique key and no earlier processing. Or it calls another system before it records the message. The finding has low confidence. Handlers of sagas and events are read in Java. Effects in functions that the handler calls count, also a change by a difference (`stock = stock + 1`, `$inc`). A function counts as a handler if its name and the type of a parameter are those of an event. So do a call with an effect that a retry repeats without an idempotency key, a key that differs in each attempt, and a webhook that does not detect repeated notifications.",
        why: "Brokers deliver at least once. After a crash or a lost acknowledgement, customers get a second mail or a second charge.",
        fix: &[(
            "any",
            "Store the ID of the message in the transaction of the effect, and skip a known ID. Pass an idempotency key to other services.",
        )],
        references: &[
            "https://microservices.io/patterns/communication-style/idempotent-consumer.html",
        ],
    },
    check: Check::Repository(|model| {
        let mut outcomes = observed_in_repository(
            model,
            Practice::Idempotency,
            "consumers know repeated messages",
        );
        outcomes.extend(repeated_messages(model));
        outcomes.extend(retried_changes(model));
        outcomes
    }),
};
