//! A lost broker connection is not reopened.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_unless_kept};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "MSG-1.no-reconnect",
        title: "A lost broker connection is not reopened",
        severity: Severity::Medium,
        category: Category::Messaging,
        meaning: "Go, JavaScript: the code connects to RabbitMQ, and no code of the file listens for the close of the connection (`NotifyClose`, `on(\"close\")`). Low confidence: a listener that only sets a flag.",
        why: "After a restart of the broker the service continues without its messages until an operator restarts it.",
        fix: &[(
            "any",
            "Listen for the close of the connection, and connect again with backoff. Or end the process, so that the orchestrator restarts it.",
        )],
        references: &["https://pkg.go.dev/github.com/rabbitmq/amqp091-go#Connection.NotifyClose"],
    },
    check: Check::Service(|_, service| observed_unless_kept(service, Practice::Reconnect)),
};
