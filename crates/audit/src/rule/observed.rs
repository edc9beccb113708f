//! The answer of a rule that one place in the code decides.

use super::{Breach, Confidence, Outcome};
use crate::model::Service;
use crate::model::facts::{Practice, Topic, Verdict};

/// What the deployed code of a service shows about a topic. Nothing shown: the rule does not apply.
#[must_use]
pub fn observed(service: &Service, topic: Topic) -> Vec<Outcome> {
    service
        .facts
        .of::<Practice>()
        .deployed()
        .filter(|practice| practice.topic == topic)
        .map(|practice| {
            let breach = |confidence| {
                Outcome::from(Breach::new(
                    practice.at.clone(),
                    confidence,
                    practice.evidence.clone(),
                ))
            };
            match practice.verdict {
                Verdict::Kept => Outcome::passed(practice.evidence.clone(), Some(&practice.at)),
                Verdict::Broken => breach(Confidence::High),
                Verdict::LikelyBroken => breach(Confidence::Medium),
                Verdict::Unclear => Outcome::unknown(format!(
                    "{}:{}: {}",
                    practice.at.path, practice.at.line, practice.evidence
                )),
            }
        })
        .collect()
}
