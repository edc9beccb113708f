//! A feature flag is past its removal date.

use chrono::{NaiveDate, Utc};

use crate::model::Model;
use crate::model::facts::{FlagDefinition, FlagUse};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::source::Location;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "FLAG-1.expired-flag",
        title: "A feature flag is past its removal date",
        severity: Severity::Low,
        category: Category::Configuration,
        meaning: "The day of `.expires(\"…\")` (Rust), of `expires` or `removalDate` in the metadata of a flag (flagd), or of `deprecation.removalDate` (`features.yaml`) is in the past.",
        why: "The code keeps two paths, and only one of them is still tested. A change of the old flag turns the old path on again.",
        fix: &[(
            "any",
            "Remove the flag and the path that is not used, or set a new day.",
        )],
        references: &["https://docs.getunleash.io/reference/feature-toggle-types"],
    },
    check: Check::Repository(check),
};

fn check(model: &Model) -> Vec<Outcome> {
    let today = Utc::now().date_naive();
    let mut outcomes = Vec::new();
    for found in model.files.values() {
        for flag in found.facts.of::<FlagDefinition>().deployed() {
            outcomes.extend(outcome(&flag.key, flag.expires.as_deref(), &flag.at, today));
        }
        for flag in found.facts.of::<FlagUse>().deployed() {
            outcomes.extend(outcome(&flag.key, flag.expires.as_deref(), &flag.at, today));
        }
    }
    outcomes
}

fn outcome(key: &str, day: Option<&str>, at: &Location, today: NaiveDate) -> Option<Outcome> {
    let day: NaiveDate = day?.get(..10)?.parse().ok()?;
    Some(match day < today {
        true => {
            let evidence = format!("flag `{key}` should be gone since {day}");
            Breach::new(at.clone(), Confidence::High, evidence).into()
        }
        false => Outcome::passed(format!("flag `{key}` has a later day"), Some(at)),
    })
}
