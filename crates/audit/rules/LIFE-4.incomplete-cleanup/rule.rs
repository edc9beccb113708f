//! The cleanup function leaves connections open.

mod returned_connections;
mod uncalled;

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-4.incomplete-cleanup",
        title: "The cleanup function leaves connections open",
        severity: Severity::Low,
        category: Category::Lifecycle,
        meaning: "Go: a constructor takes connections (`*gorm.DB`, `redis.Cmdable`, `*mongo.Database`) and returns a cleanup function that does not close one of them. Low confidence for a connection that no file of the service closes (Go, Node.js, Python, Rust). A Kafka producer that no code closes (Java) and a consumer that is not cancelled (Node.js) count too. So does a connection that a function of the service opens and returns (`NewWriter(…) *kafka.Writer`), and that neither its variable nor a field of its type closes (Go). So does an empty `Close` (Go, Node.js). So does a function whose name says that it closes a connection (`close_db`), and that no code calls (Go, Node.js, Python). A connection to RabbitMQ that no code closes counts too (C#).",
        why: "At each stop the server of the connection waits for a timeout, and buffered data is lost.",
        fix: &[(
            "any",
            "Close each connection in the cleanup function, in the reverse order of opening.",
        )],
        references: &["https://github.com/google/wire/blob/main/docs/guide.md#cleanup-functions"],
    },
    check: Check::Service(|model, service| {
        let mut outcomes = observed(service, Practice::Cleanup);
        outcomes.extend(returned_connections::check(model, service));
        outcomes.extend(uncalled::check(model, service));
        outcomes
    }),
};
