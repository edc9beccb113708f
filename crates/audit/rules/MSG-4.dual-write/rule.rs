//! A function changes the database and then sends a message.

use crate::model::facts::Practice;
use crate::rule::{
    Category, Check, Metadata, Rule, Severity, dual_writes, guesses, observed, or_passed,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "MSG-4.dual-write",
        title: "A function changes the database and then sends a message",
        severity: Severity::Medium,
        category: Category::Messaging,
        meaning: "A function calls a method that changes a database (`repo.Save`, `tx.Commit`) and after it a method that sends a message (`producer.send`, `publisher.Publish`). Files that mention an outbox and event buses of the process (`EventEmitter`, `ApplicationEventPublisher`) are excluded. Low confidence: the change or the message is inside a called function, or a service call precedes the message. A command handler that calls another system before it stores its event counts too.",
        why: "If the process ends between both, the change is stored and its message is lost.",
        fix: &[(
            "any",
            "Store the message in the same transaction (outbox), and let a relay send it.",
        )],
        references: &["https://microservices.io/patterns/data/transactional-outbox.html"],
    },
    check: Check::Service(|_, service| {
        let mut outcomes = observed(service, Practice::DualWrite);
        outcomes.extend(dual_writes(service));
        or_passed(
            guesses(outcomes),
            service,
            &["Go", "JavaScript", "TypeScript", "Python", "Java", "Kotlin"],
            "no function changes a database and then sends a message",
        )
    }),
};
