//! A compose service has no memory limit.

use crate::model::Model;
use crate::model::facts::ComposeService;
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::source::Located;

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
        let mut built: Vec<_> = entries
            .items
            .iter()
            .filter(|entry| entry.context.is_some())
            .collect();
        // A file for the host of the images that a pipeline built.
        if built.is_empty() {
            built = entries
                .items
                .iter()
                .filter(|entry| is_own(model, entry.image.as_deref()))
                .collect();
        }
        let missing: Vec<_> = built.iter().filter(|entry| !entry.limits_memory).collect();
        match missing.first() {
            Some(first) => {
                let names: Vec<&str> = missing
                    .iter()
                    .take(MAX_NAMED)
                    .map(|entry| entry.name.as_str())
                    .collect();
                let evidence = format!(
                    "{} of {} services of this repository have no memory limit: {}",
                    missing.len(),
                    built.len(),
                    names.join(", ")
                );
                let places = missing.iter().skip(1).map(|entry| entry.at.clone());
                outcomes.push(
                    Breach::new(first.at.clone(), Confidence::High, evidence)
                        .related(places)
                        .into(),
                );
            }
            None if !built.is_empty() => outcomes.push(Outcome::passed(
                "every service of this repository has a memory limit",
                built.first().map(|entry| &entry.at),
            )),
            None => outcomes.extend(stores(&entries.items)),
        }
    }
    outcomes
}

/// Images of others without a limit, if a file runs nothing else.
fn stores(entries: &[Located<ComposeService>]) -> Option<Outcome> {
    let first = entries
        .iter()
        .find(|entry| entry.image.is_some() && entry.context.is_none() && !entry.limits_memory)?;
    let evidence = "no store of the file has a memory limit";
    let limited = entries.iter().any(|entry| entry.limits_memory);
    (!limited).then(|| {
        Breach::review(first.at.clone(), evidence)
            .severity(Severity::Low)
            .into()
    })
}

/// Whether a service of the repository has the name of an image: `shop/account-service`.
fn is_own(model: &Model, image: Option<&str>) -> bool {
    let last = image.and_then(|image| image.rsplit('/').next());
    let Some(name) = last.and_then(|last| last.split(['@', ':']).next()) else {
        return false;
    };
    model.services.iter().any(|service| {
        service.root.as_deref().is_some_and(|root| !root.is_empty())
            && !service.name.is_empty()
            && (name == service.name || name.ends_with(&format!("-{}", service.name)))
    })
}

/// More names than these make the sentence unreadable.
const MAX_NAMED: usize = 8;
