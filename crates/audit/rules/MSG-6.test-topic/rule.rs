//! The service publishes to a test topic.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "MSG-6.test-topic",
        title: "The service publishes to a test topic",
        severity: Severity::Low,
        category: Category::Messaging,
        meaning: "Deployed code publishes to a topic with a literal name that is, or starts with, `test`, `foo`, `bar` or `junk`.",
        why: "Consumers of the real topic do not get the event, or a consumer of the test topic processes production data.",
        fix: &[(
            "any",
            "Name the topic after the event, in a setting. Remove the test code.",
        )],
        references: &["https://cloudevents.io/"],
    },
    check: Check::Service(|_, service| observed(service, Practice::TestPayload)),
};
