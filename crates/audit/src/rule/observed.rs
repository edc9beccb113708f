//! Outcomes of rules that read practices in the code.

use std::collections::BTreeMap;

use super::{Breach, Confidence, Outcome, Severity};
use crate::model::Service;
use crate::model::facts::{DevelopmentHandler, Elsewhere, Practice, Topic, Verdict};
use crate::source::Located;

/// The observations of a topic in the deployed code of a service. If there are none, the rule does
/// not apply.
#[must_use]
pub fn observed(service: &Service, topic: Topic) -> Vec<Outcome> {
    practices(service, topic)
        .iter()
        .map(|practice| outcome(practice, &practice.evidence))
        .collect()
}

/// Like [`observed`], but with one breach per file.
#[must_use]
pub fn observed_by_file(service: &Service, topic: Topic) -> Vec<Outcome> {
    let all = practices(service, topic);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for practice in all.iter().filter(|practice| is_breach(practice.verdict)) {
        *counts.entry(&practice.at.path).or_default() += 1;
    }
    let mut outcomes = Vec::new();
    for practice in &all {
        if !is_breach(practice.verdict) {
            outcomes.push(outcome(practice, &practice.evidence));
        } else if let Some(count) = counts.remove(&*practice.at.path) {
            let evidence = match count {
                1 => practice.evidence.clone(),
                _ => format!(
                    "{} ({} more places in this file)",
                    practice.evidence,
                    count - 1
                ),
            };
            let others = all
                .iter()
                .filter(|other| is_breach(other.verdict) && other.at.path == practice.at.path);
            outcomes.push(with_places(outcome(practice, &evidence), others));
        }
    }
    outcomes
}

/// One outcome for the service: kept if one place keeps it, else unknown if one place is unknown,
/// else the first breach.
#[must_use]
pub fn observed_anywhere(service: &Service, topic: Topic) -> Vec<Outcome> {
    let all = practices(service, topic);
    let of = |wanted: fn(Verdict) -> bool| all.iter().find(|practice| wanted(practice.verdict));
    of(|verdict| verdict == Verdict::Kept)
        .or_else(|| of(|verdict| verdict == Verdict::Unclear))
        .or_else(|| of(is_breach))
        .map(|practice| {
            let others = all.iter().filter(|other| is_breach(other.verdict));
            with_places(outcome(practice, &practice.evidence), others)
        })
        .into_iter()
        .collect()
}

/// Each place, and unknown instead of a likely breach when another place of the service keeps the
/// requirement for all.
#[must_use]
pub fn observed_unless_kept(service: &Service, topic: Topic) -> Vec<Outcome> {
    let all = practices(service, topic);
    let kept = all
        .iter()
        .find(|practice| practice.verdict == Verdict::Kept);
    all.iter()
        .map(|practice| match (practice.verdict, kept) {
            (Verdict::LikelyBroken | Verdict::Review, Some(kept)) => Outcome::unknown(format!(
                "{}:{}: {}, and {}:{} may cover every request",
                practice.at.path, practice.at.line, practice.evidence, kept.at.path, kept.at.line
            )),
            _ => outcome(practice, &practice.evidence),
        })
        .collect()
}

/// Returns the places of deployed code with evidence for a topic.
#[must_use]
pub fn practices(service: &Service, topic: Topic) -> Vec<Located<Practice>> {
    let handlers = service.facts.of::<DevelopmentHandler>();
    let in_development: Vec<_> = handlers.deployed().collect();
    service
        .facts
        .of::<Practice>()
        .deployed()
        .filter(|practice| practice.topic == topic && !is_kept(practice, service))
        .filter(|practice| {
            !in_development
                .iter()
                .any(|handler| handler.holds(&practice.at))
        })
        .cloned()
        .collect()
}

/// Whether another file of the service keeps the practice.
pub(super) fn is_kept(practice: &Practice, service: &Service) -> bool {
    !practice.elsewhere.is_empty()
        && service
            .facts
            .of::<Elsewhere>()
            .deployed()
            .any(|text| text.pattern == practice.elsewhere)
}

/// A breach with the places of others of its kind.
fn with_places<'p>(
    outcome: Outcome,
    others: impl Iterator<Item = &'p Located<Practice>>,
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
        Verdict::Broken | Verdict::LikelyBroken | Verdict::Review | Verdict::Minor
    )
}

pub(super) fn outcome(practice: &Located<Practice>, evidence: &str) -> Outcome {
    let breach = |confidence| Breach::new(practice.at.clone(), confidence, evidence);
    match practice.verdict {
        Verdict::Kept => Outcome::passed(evidence, Some(&practice.at)),
        Verdict::Broken => breach(Confidence::High).into(),
        Verdict::LikelyBroken => breach(Confidence::Medium).into(),
        Verdict::Review => breach(Confidence::Low).into(),
        Verdict::Minor => breach(Confidence::Medium).severity(Severity::Low).into(),
        Verdict::Unclear => Outcome::unknown(format!(
            "{}:{}: {evidence}",
            practice.at.path, practice.at.line
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
