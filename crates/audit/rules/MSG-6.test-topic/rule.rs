//! A topic of an experiment in the code of a service.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "MSG-6.test-topic",
        title: "A message goes to a test topic",
        severity: Severity::Low,
        category: Category::Messaging,
        meaning: "Deployed code publishes to a topic whose literal name is, or begins with, `test`, `foo`, `bar` or `junk`.",
        why: "Somebody reads it one day, or nobody does and the event that should be there is missing.",
        fix: &[(
            "any",
            "Name the topic in the settings, after the event; take the experiment out.",
        )],
        references: &["https://cloudevents.io/"],
    },
    check: Check::Service(|_, service| observed(service, Topic::TestPayload)),
};
