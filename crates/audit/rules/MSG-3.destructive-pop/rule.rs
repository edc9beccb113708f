//! A consumer removes messages from the queue before it processes them.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "MSG-3.destructive-pop",
        title: "A consumer removes messages from the queue before it processes them",
        severity: Severity::Medium,
        category: Category::Messaging,
        meaning: "A consumer reads a Redis list with `BLPOP` or `BRPOP`.",
        why: "A crash between the pop and the end of the processing loses the message.",
        fix: &[(
            "any",
            "Use `BLMOVE` to a list of messages in progress, or Redis Streams with a consumer group (`XREADGROUP`, `XACK`, `XAUTOCLAIM`).",
        )],
        references: &["https://redis.io/docs/latest/commands/blmove/"],
    },
    check: Check::Service(|_, service| observed(service, Practice::DestructivePop)),
};
