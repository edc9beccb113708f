//! A compose service has no memory limit.

use crate::model::Model;
use crate::model::facts::ComposeService;
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-2.memory-limit",
        title: "A compose service has no memory limit",
        severity: Severity::Low,
        category: Category::Operations,
        meaning: "A compose file sets no memory limit (`deploy.resources.limits.memory`, `mem_limit`) for some or all services that this repository builds. Development files are excluded. The rule reports one finding per file.",
        why: "A memory leak in one container can stop the host and all other containers.",
        fix: &[(
            "any",
            "Set `deploy.resources.limits.memory` (and `cpus`) for each service.",
        )],
        references: &["https://docs.docker.com/reference/compose-file/deploy/#resources"],
    },
    check: Check::Repository(check),
};

fn check(model: &Model) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for found in model
        .files
        .values()
        .filter(|found| found.file.role.is_deployed())
    {
        let entries = found.facts.of::<ComposeService>();
        let built: Vec<_> = entries
            .items
            .iter()
            .filter(|entry| entry.context.is_some())
            .collect();
        let missing: Vec<_> = built.iter().filter(|entry| !entry.limits_memory).collect();
        match missing.first() {
            Some(first) => {
                let names: Vec<&str> = missing
                    .iter()
                    .take(MAX_NAMED)
                    .map(|entry| entry.name.as_str())
                    .collect();
                let evidence = format!(
                    "{} of {} services that this repository builds have no memory limit: {}",
                    missing.len(),
                    built.len(),
                    names.join(", ")
                );
                outcomes.push(Breach::new(first.at.clone(), Confidence::High, evidence).into());
            }
            None if !built.is_empty() => outcomes.push(Outcome::passed(
                "every service that this repository builds has a memory limit",
                built.first().map(|entry| &entry.at),
            )),
            None => {}
        }
    }
    outcomes
}

/// More names than these make the sentence unreadable.
const MAX_NAMED: usize = 8;
