//! Outcomes of rules that read practices of the whole repository, with files of no known service.

use std::collections::BTreeMap;

use super::observed::{is_breach, is_kept, outcome};
use super::{Breach, Outcome};
use crate::model::Model;
use crate::model::facts::{Observation, Practice};
use crate::packs::signs_read;

/// Returns one breach per file for a practice, or a pass if a file that could show one was read.
#[must_use]
pub fn observed_in_repository(model: &Model, practice: Practice, passed: &str) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let mut read = 0_usize;
    for found in model.files.values() {
        if !found.file.role.is_deployed() || !signs_read(practice, &found.file) {
            continue;
        }
        read += 1;
        let observations = found.facts.of::<Observation>();
        let mut seen = BTreeMap::new();
        for observation in observations
            .deployed()
            .filter(|observation| {
                observation.practice == practice && is_breach(observation.verdict)
            })
            .filter(|observation| !is_kept_for(model, &found.file.path, observation))
        {
            seen.entry(observation.at.span.start).or_insert(observation);
        }
        let Some((_, first)) = seen.pop_first() else {
            continue;
        };
        let evidence = match seen.len() {
            0 => first.evidence.clone(),
            more => format!("{} ({more} more places in this file)", first.evidence),
        };
        outcomes.push(match outcome(first, &evidence) {
            Outcome::Breach(breach) => Outcome::Breach(Breach {
                related: seen
                    .values()
                    .take(MAX_RELATED)
                    .map(|other| other.at.clone())
                    .collect(),
                ..breach
            }),
            other => other,
        });
    }
    if outcomes.is_empty() && read > 0 {
        outcomes.push(Outcome::passed(format!("{passed} ({read} files)"), None));
    }
    outcomes
}

/// Whether another file of a service of the path keeps the practice.
fn is_kept_for(model: &Model, path: &str, observation: &Observation) -> bool {
    model
        .services
        .iter()
        .any(|service| service.files.contains(path) && is_kept(observation, service))
}

/// Maximum number of further places. More make the report long and add no information.
const MAX_RELATED: usize = 8;
