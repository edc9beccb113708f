//! Code reads a feature flag that no file defines.

use std::collections::BTreeSet;

use crate::model::Model;
use crate::model::facts::{FlagDefinition, FlagSetup, FlagUse};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "FLAG-1.undefined-flag",
        title: "Code reads a feature flag that no file defines",
        severity: Severity::Medium,
        category: Category::Configuration,
        meaning: "Code calls OpenFeature with a literal key (Go, JavaScript, TypeScript, Java, Kotlin, Python). The repository has flag files (flagd, `features.yaml`), and none of them defines the key. Repositories without flag files, and providers of services such as Unleash, are excluded.",
        why: "Every evaluation fails with FLAG_NOT_FOUND and returns the default of the code. Operators cannot turn the feature on or off.",
        fix: &[("any", "Define the flag, or correct its key.")],
        references: &[
            "https://openfeature.dev/specification/",
            "https://flagd.dev/reference/flag-definitions/",
        ],
    },
    check: Check::Repository(check),
};

fn check(model: &Model) -> Vec<Outcome> {
    let mut defined = BTreeSet::new();
    let mut is_external = false;
    for found in model.files.values() {
        let definitions = found.facts.of::<FlagDefinition>();
        defined.extend(definitions.items.iter().map(|flag| flag.key.clone()));
        let setups = found.facts.of::<FlagSetup>();
        is_external |= setups
            .items
            .iter()
            .any(|setup| setup.value == FlagSetup::Provider);
    }
    if defined.is_empty() || is_external {
        return Vec::new();
    }
    let mut outcomes = Vec::new();
    for found in model.files.values() {
        for flag in found.facts.of::<FlagUse>().deployed() {
            if flag.declares {
                continue;
            }
            let key = &flag.key;
            outcomes.push(match defined.contains(key) {
                true => Outcome::passed(format!("flag `{key}` is defined"), Some(&flag.at)),
                false => Breach::new(
                    flag.at.clone(),
                    Confidence::Medium,
                    format!("no file of flags defines `{key}`"),
                )
                .into(),
            });
        }
    }
    outcomes
}
