//! A compose service that fails stays stopped.

use crate::model::Model;
use crate::model::facts::ComposeService;
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::source::Located;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-2.no-restart",
        title: "A compose service that fails stays stopped",
        severity: Severity::Low,
        category: Category::Operations,
        meaning: "A compose entry with an own image has neither `restart` nor `deploy.restart_policy`. The rule reports one finding per file. Development files, entries with a profile and entries with `restart: \"no\"` are excluded. Low confidence for a file in which no entry has a policy, because an orchestrator may start the containers.",
        why: "After a crash or a restart of the host, the service is down until an operator starts it.",
        fix: &[(
            "any",
            "Set `restart: unless-stopped`, or `deploy.restart_policy` for Swarm.",
        )],
        references: &["https://docs.docker.com/reference/compose-file/services/#restart"],
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
        let runs: Vec<_> = entries
            .items
            .iter()
            .filter(|entry| entry.dockerfile.is_some() && entry.profiles.is_empty())
            .collect();
        if runs.is_empty() {
            outcomes.extend(stores(&entries.items));
        }
        let stopped: Vec<_> = runs
            .iter()
            .filter(|entry| !entry.has_restart_policy)
            .collect();
        let Some(first) = stopped.first() else {
            outcomes.extend(runs.first().map(|entry| {
                Outcome::passed("services start again after a failure", Some(&entry.at))
            }));
            continue;
        };
        let confidence = if entries.items.iter().any(|entry| entry.has_restart_policy) {
            Confidence::Medium
        } else {
            Confidence::Low
        };
        outcomes.push(
            Breach::new(
                first.at.clone(),
                confidence,
                format!(
                    "{} of {} services have no restart policy",
                    stopped.len(),
                    runs.len()
                ),
            )
            .related(stopped.iter().map(|entry| entry.at.clone()))
            .into(),
        );
    }
    outcomes
}

/// Images of others without a restart policy, if a file runs nothing else.
fn stores(entries: &[Located<ComposeService>]) -> Option<Outcome> {
    let restarts = entries.iter().any(|entry| entry.has_restart_policy);
    let first = entries.iter().find(|entry| {
        entry.image.is_some() && entry.context.is_none() && entry.profiles.is_empty()
    })?;
    (!restarts).then(|| {
        Breach::review(
            first.at.clone(),
            "no store of the file starts again after a failure",
        )
        .severity(Severity::Low)
        .into()
    })
}
