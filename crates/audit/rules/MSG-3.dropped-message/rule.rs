//! A failed message is reported as processed.

use std::collections::BTreeSet;

use crate::model::Service;
use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Outcome, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "MSG-3.dropped-message",
        title: "A failed message is reported as processed",
        severity: Severity::High,
        category: Category::Messaging,
        meaning: "In an error branch the consumer acknowledges the message without a retry, a dead letter or a copy. Low if the message could not be decoded. Low confidence for a consumer in a service that does not mention dead letters. The rule also reports a publish function that logs an error and returns success. A loop of a consumer that ends after its first failure counts too. With low confidence: messages of a Redis consumer group that no code claims, and a relay that marks a message as failed after some attempts. A job of BullMQ without `attempts` counts too.",
        why: "The work is lost, and the sender assumes success. Only a log line shows the failure.",
        fix: &[(
            "any",
            "Return the error to the sender. In a consumer, reject the message so that the broker dead-letters it.",
        )],
        references: &["https://www.rabbitmq.com/docs/dlx"],
    },
    check: Check::Service(|_, service| check(service)),
};

/// The beginning of the evidence of `signs/dead_letters.rs`.
const ABSENT: &str = "no code dead-letters";

/// Reports missing dead letters only for files that do not also drop a message.
fn check(service: &Service) -> Vec<Outcome> {
    let mut outcomes = observed(service, Practice::DroppedMessage);
    let dropping: BTreeSet<_> = outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            Outcome::Breach(breach) if !breach.evidence.starts_with(ABSENT) => {
                Some(breach.at.path.clone())
            }
            _ => None,
        })
        .collect();
    outcomes.retain(|outcome| match outcome {
        Outcome::Breach(breach) => {
            !breach.evidence.starts_with(ABSENT) || !dropping.contains(&breach.at.path)
        }
        _ => true,
    });
    outcomes
}
