//! The repository has no runbook.

use crate::model::Model;
use crate::repository::Role;
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-4.no-runbook",
        title: "The repository has no runbook",
        severity: Severity::Info,
        category: Category::Operations,
        meaning: "The repository deploys services (an image or a workload), and no document describes how to operate, roll back or recover them. Severity info, because the runbook may be in a wiki.",
        why: "The engineer on call has no instructions during an incident.",
        fix: &[(
            "any",
            "Write one page: dependencies, how to check the health, how to roll back, and what to do for each alert.",
        )],
        references: &["https://sre.google/sre-book/being-on-call/"],
    },
    check: Check::Repository(check),
};

const WORDS: &[&str] = &[
    "runbook",
    "rollback",
    "roll back",
    "operations",
    "troubleshooting",
    "deployment",
    "deploying",
    "disaster recovery",
];

fn check(model: &Model) -> Vec<Outcome> {
    let deployed = model
        .services
        .iter()
        .filter(|service| service.root.is_some())
        .find_map(|service| service.image.as_ref().map(|image| image.at.clone()));
    let Some(at) = deployed else {
        return Vec::new();
    };
    let about = model
        .files
        .values()
        .filter(|found| found.file.role == Role::Documentation)
        .find(|found| {
            let text = found.file.text.to_lowercase();
            WORDS
                .iter()
                .any(|word| text.contains(word) || found.file.path.to_lowercase().contains(word))
        });
    match about {
        Some(found) => vec![Outcome::passed(
            format!("`{}` describes the operation", found.file.path),
            None,
        )],
        None => vec![
            Breach::new(at, Confidence::Low, "no document describes the operation")
                .absence()
                .into(),
        ],
    }
}
