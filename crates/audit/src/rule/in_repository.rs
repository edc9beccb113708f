//! Outcomes of rules that read practices of the whole repository, with files of no known service.

use std::collections::BTreeMap;

use super::observed::{is_breach, is_kept, outcome};
use super::{Breach, Outcome};
use crate::model::Model;
use crate::model::facts::{Observation, Practice, Verdict};
use crate::packs::signs_read;
use crate::source::Located;

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
        let mut seen: BTreeMap<usize, &Located<Observation>> = BTreeMap::new();
        for observation in observations
            .deployed()
            .filter(|observation| {
                observation.practice == practice && is_breach(observation.verdict)
            })
            .filter(|observation| !is_kept_for(model, &found.file.path, observation))
        {
            seen.entry(observation.at.span.start)
                .and_modify(|known| {
                    if known.verdict == Verdict::Guess && observation.verdict == Verdict::Review {
                        *known = observation;
                    }
                })
                .or_insert(observation);
        }
        // A place of low severity, or for review, is reported only if the file has no other.
        let first = seen
            .iter()
            .min_by_key(|(start, observation)| (rank(observation.verdict), **start))
            .map(|(start, _)| *start);
        let Some(first) = first.and_then(|start| seen.remove(&start)) else {
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

fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Minor => 1,
        Verdict::Review => 2,
        Verdict::Guess => 3,
        _ => 0,
    }
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

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::{AuditConfig, Severity, audit};

    #[test]
    fn debug_record_does_not_hide_another_of_its_file_obs_3() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("shop");
        fs::create_dir(&root).unwrap();
        let text =
            "logger.debug(\"to %s\", user.email)\n\n\nlogger.info(\"sent to %s\", user.email)\n";
        fs::write(root.join("mail.py"), text).unwrap();
        let report = audit(&root, &AuditConfig::default()).unwrap();
        let found = report
            .findings
            .iter()
            .find(|finding| finding.id == "OBS-3.personal-data")
            .unwrap();
        assert_eq!((found.line, found.severity), (4, Severity::Medium));
    }
}
