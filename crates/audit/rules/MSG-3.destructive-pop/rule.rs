//! A queue in Redis that forgets at once.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "MSG-3.destructive-pop",
        title: "A work queue takes messages away before the work is done",
        severity: Severity::Medium,
        category: Category::Messaging,
        meaning: "A consumer takes from a Redis list with `BLPOP` or `BRPOP`.",
        why: "A crash between the pop and the end of the work loses the message.",
        fix: &[(
            "any",
            "Use `BLMOVE` to a list of what is being worked on, or Redis Streams with a consumer group (`XREADGROUP`, `XACK`, `XAUTOCLAIM`).",
        )],
        references: &["https://redis.io/docs/latest/commands/blmove/"],
    },
    check: Check::Service(|_, service| observed(service, Topic::DestructivePop)),
};
