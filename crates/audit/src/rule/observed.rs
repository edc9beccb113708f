//! Outcomes of rules that read practices in the code.

use std::collections::BTreeMap;

use super::{Breach, Confidence, Outcome, Severity};
use crate::model::Service;
use crate::model::facts::{DevelopmentHandler, Elsewhere, Observation, Practice, Verdict};
use crate::source::Located;

/// The observations of a practice in the deployed code of a service. If there are none, the rule
/// does not apply.
#[must_use]
pub fn observed(service: &Service, practice: Practice) -> Vec<Outcome> {
    observations(service, practice)
        .iter()
        .map(|observation| outcome(observation, &observation.evidence))
        .collect()
}

/// Like [`observed`], but with one breach per file.
#[must_use]
pub fn observed_by_file(service: &Service, practice: Practice) -> Vec<Outcome> {
    let all = observations(service, practice);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for observation in all
        .iter()
        .filter(|observation| is_breach(observation.verdict))
    {
        *counts.entry(&observation.at.path).or_default() += 1;
    }
    let mut outcomes = Vec::new();
    for observation in &all {
        if !is_breach(observation.verdict) {
            outcomes.push(outcome(observation, &observation.evidence));
        } else if let Some(count) = counts.remove(&*observation.at.path) {
            let shown = without_guess(&all, observation);
            let evidence = match count {
                1 => shown.evidence.clone(),
                _ => format!(
                    "{} ({} more places in this file)",
                    shown.evidence,
                    count - 1
                ),
            };
            let others = all
                .iter()
                .filter(|other| is_breach(other.verdict) && other.at.path == observation.at.path);
            outcomes.push(with_places(outcome(shown, &evidence), others));
        }
    }
    outcomes
}

/// Another place to review of the same file instead of a guess, if the file has one.
fn without_guess<'o>(
    all: &'o [Located<Observation>],
    observation: &'o Located<Observation>,
) -> &'o Located<Observation> {
    if observation.verdict != Verdict::Guess {
        return observation;
    }
    all.iter()
        .find(|other| other.verdict == Verdict::Review && other.at.path == observation.at.path)
        .unwrap_or(observation)
}

/// One outcome for the service: kept if one place keeps it, else unknown if one place is unknown,
/// else the first breach.
#[must_use]
pub fn observed_anywhere(service: &Service, practice: Practice) -> Vec<Outcome> {
    let all = observations(service, practice);
    let of =
        |wanted: fn(Verdict) -> bool| all.iter().find(|observation| wanted(observation.verdict));
    of(|verdict| verdict == Verdict::Kept)
        .or_else(|| of(|verdict| verdict == Verdict::Unclear))
        .or_else(|| of(is_breach))
        .map(|observation| {
            let others = all.iter().filter(|other| is_breach(other.verdict));
            with_places(outcome(observation, &observation.evidence), others)
        })
        .into_iter()
        .collect()
}

/// Each place, and unknown instead of a likely breach when another place of the service keeps the
/// requirement for all.
#[must_use]
pub fn observed_unless_kept(service: &Service, practice: Practice) -> Vec<Outcome> {
    let all = observations(service, practice);
    let kept = all
        .iter()
        .find(|observation| observation.verdict == Verdict::Kept);
    all.iter()
        .map(|observation| match (observation.verdict, kept) {
            (Verdict::LikelyBroken | Verdict::Review | Verdict::Guess, Some(kept)) => {
                Outcome::unknown(format!(
                    "{}:{}: {}, and {}:{} may cover every request",
                    observation.at.path,
                    observation.at.line,
                    observation.evidence,
                    kept.at.path,
                    kept.at.line
                ))
            }
            _ => outcome(observation, &observation.evidence),
        })
        .collect()
}

/// Returns the places of deployed code with evidence for a practice.
#[must_use]
pub fn observations(service: &Service, practice: Practice) -> Vec<Located<Observation>> {
    let handlers = service.facts.of::<DevelopmentHandler>();
    let in_development: Vec<_> = handlers.deployed().collect();
    service
        .facts
        .of::<Observation>()
        .deployed()
        .filter(|observation| observation.practice == practice && !is_kept(observation, service))
        .filter(|observation| {
            !in_development
                .iter()
                .any(|handler| handler.holds(&observation.at))
        })
        .cloned()
        .collect()
}

/// Whether another file of the service keeps the practice.
pub(super) fn is_kept(observation: &Observation, service: &Service) -> bool {
    !observation.elsewhere.is_empty()
        && service
            .facts
            .of::<Elsewhere>()
            .deployed()
            .any(|text| text.pattern == observation.elsewhere)
}

/// A breach with the places of others of its kind.
fn with_places<'p>(
    outcome: Outcome,
    others: impl Iterator<Item = &'p Located<Observation>>,
) -> Outcome {
    match outcome {
        Outcome::Breach(breach) => {
            Outcome::Breach(breach.related(others.map(|other| other.at.clone())))
        }
        other => other,
    }
}

pub(super) const fn is_breach(verdict: Verdict) -> bool {
    matches!(
        verdict,
        Verdict::Broken | Verdict::LikelyBroken | Verdict::Review | Verdict::Guess | Verdict::Minor
    )
}

pub(super) fn outcome(observation: &Located<Observation>, evidence: &str) -> Outcome {
    let breach = |confidence| Breach::new(observation.at.clone(), confidence, evidence);
    match observation.verdict {
        Verdict::Kept => Outcome::passed(evidence, Some(&observation.at)),
        Verdict::Broken => breach(Confidence::High).into(),
        Verdict::LikelyBroken => breach(Confidence::Medium).into(),
        Verdict::Review => breach(Confidence::Low).into(),
        Verdict::Guess => Breach::guess(observation.at.clone(), evidence).into(),
        Verdict::Minor => breach(Confidence::Medium).severity(Severity::Low).into(),
        Verdict::Unclear => Outcome::unknown(format!(
            "{}:{}: {evidence}",
            observation.at.path, observation.at.line
        )),
    }
}

/// Returns the outcomes. If there are none and code in one of the languages was read, returns a
/// pass that says so.
#[must_use]
pub fn or_passed(
    mut outcomes: Vec<Outcome>,
    service: &Service,
    languages: &[&str],
    evidence: &str,
) -> Vec<Outcome> {
    let read = !service.files.is_empty()
        && service
            .languages
            .iter()
            .any(|language| languages.contains(language));
    if outcomes.is_empty() && read {
        outcomes.push(Outcome::passed(evidence, None));
    }
    outcomes
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::{AuditConfig, Severity, audit};

    #[test]
    fn guess_does_not_hide_a_review_of_its_file_api_2() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("shop");
        fs::create_dir(&root).unwrap();
        let text = "def load(text):\n    try:\n        return read(text)\n    except Exception as e:\n        error = str(e)\n    return error\n\n\ndef answer(text):\n    try:\n        return read(text)\n    except Exception as e:\n        return str(e)\n";
        fs::write(root.join("report.py"), text).unwrap();
        let report = audit(&root, &AuditConfig::default()).unwrap();
        let found = report
            .findings
            .iter()
            .find(|finding| finding.id == "API-2.internal-error")
            .unwrap();
        assert_eq!((found.line, found.severity), (13, Severity::Medium));
    }
}
