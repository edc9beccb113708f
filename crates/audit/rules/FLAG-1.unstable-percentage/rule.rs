//! A percentage rollout is not stable for a user.

use std::collections::BTreeMap;

use crate::model::Model;
use crate::model::facts::{FlagDefinition, FlagSetup, FlagUse, Observation, Practice, Split};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "FLAG-1.unstable-percentage",
        title: "A percentage rollout is not stable for a user",
        severity: Severity::Medium,
        category: Category::Configuration,
        meaning: "A `fractional` rule or `sticky_by` of a request ID or of the time. A `fractional` rule by the targeting key, whose flag is read without a context (OpenFeature) while no code sets a context for all evaluations. A random number that is compared with the share of a rollout.",
        why: "A user gets another variant with each request, so that pages contradict each other and experiments measure nothing. Without a targeting key, flagd returns the default variant to every user.",
        fix: &[
            (
                "OpenFeature",
                "Pass an evaluation context with a targeting key, such as the ID of the user.",
            ),
            (
                "any",
                "Derive the share from a hash of the flag and the ID of the user.",
            ),
        ],
        references: &[
            "https://flagd.dev/reference/custom-operations/fractional-operation/",
            "https://openfeature.dev/specification/sections/evaluation-context/",
        ],
    },
    check: Check::Repository(check),
};

fn check(model: &Model) -> Vec<Outcome> {
    let (mut outcomes, mut split) = (Vec::new(), BTreeMap::new());
    let mut sets_context = false;
    for found in model.files.values() {
        for flag in found.facts.of::<FlagDefinition>().deployed() {
            let key = &flag.key;
            match flag.split {
                Split::Changing => outcomes.push(
                    Breach::new(
                        flag.at.clone(),
                        Confidence::High,
                        format!("the percentage of `{key}` depends on the request or the time"),
                    )
                    .into(),
                ),
                Split::TargetingKey => {
                    split.insert(key.clone(), flag.at.clone());
                }
                Split::Stable => {}
            }
        }
        for observation in found.facts.of::<Observation>().deployed() {
            if observation.practice == Practice::RandomPercentage {
                let breach = Breach::review(observation.at.clone(), observation.evidence.clone());
                outcomes.push(breach.into());
            }
        }
        let setups = found.facts.of::<FlagSetup>();
        sets_context |= setups
            .items
            .iter()
            .any(|setup| setup.value == FlagSetup::Context);
    }
    for found in model.files.values() {
        for flag in found.facts.of::<FlagUse>().deployed() {
            let Some(definition) = split.get(&flag.key) else {
                continue;
            };
            let key = &flag.key;
            outcomes.push(match flag.has_context || sets_context {
                true => Outcome::passed(format!("`{key}` is read with a context"), Some(&flag.at)),
                false => Breach::new(
                    flag.at.clone(),
                    Confidence::Medium,
                    format!(
                        "`{key}` has a percentage by the targeting key, and this call passes none"
                    ),
                )
                .related([definition.clone()])
                .into(),
            });
        }
    }
    outcomes
}
