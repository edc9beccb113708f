//! The catalogue as a checklist: the evidence for each requirement in the files.

use std::collections::{BTreeMap, BTreeSet};

use super::Group;
use crate::report::prose::count;
use crate::report::requirement::requirement;
use crate::report::{Report, Section};
use crate::rule::{Category, rules};

/// The state of a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum State {
    /// All checks are decided and passed.
    Kept,
    /// All decided checks passed, and some are undecided.
    PartlyKept,
    /// A check failed.
    Broken,
    /// A check likely failed, and a person has to verify it.
    Review,
    /// No evidence in the repository. It does not count, because it may be outside of the
    /// repository.
    NotShown,
    /// No check could be decided.
    Unknown,
}

/// One requirement.
#[derive(Debug)]
pub(in crate::report) struct ChecklistItem {
    /// The catalogue's ID.
    pub(in crate::report) id: &'static str,
    /// The requirement in one sentence.
    pub(in crate::report) sentence: &'static str,
    pub(in crate::report) state: State,
    /// The evidence.
    pub(in crate::report) basis: String,
    /// Groups of findings.
    pub(in crate::report) labels: Vec<String>,
}

/// Returns the requirements that rules check, by category.
pub(super) fn checklist(
    report: &Report,
    groups: &[Group<'_>],
) -> Vec<(Category, Vec<ChecklistItem>)> {
    let mut chapters: BTreeMap<Category, Vec<ChecklistItem>> = BTreeMap::new();
    let mut done = BTreeSet::new();
    for rule in rules() {
        let id = rule.metadata.requirement();
        if !done.insert(id) {
            continue;
        }
        let mine = |full: &str| full.split('.').next() == Some(id);
        let labels: Vec<_> = groups
            .iter()
            .filter(|group| mine(group.id))
            .map(|group| group.label.clone())
            .collect();
        let findings = report
            .findings
            .iter()
            .filter(|finding| mine(finding.id))
            .count();
        let passed = report
            .passed
            .iter()
            .filter(|passed| mine(passed.id))
            .count();
        let unknown = report
            .unknown
            .iter()
            .filter(|unknown| mine(unknown.id))
            .count();
        let worst = groups
            .iter()
            .filter(|group| mine(group.id))
            .map(|group| group.section)
            .max();
        let state = match (findings, passed, unknown) {
            (0, 0, 0) => continue,
            (0, 0, _) => State::Unknown,
            (0, _, 0) => State::Kept,
            (0, _, _) => State::PartlyKept,
            _ if worst == Some(Section::Note) => State::NotShown,
            _ if worst == Some(Section::Review) => State::Review,
            _ => State::Broken,
        };
        let basis = [
            (findings, "finding"),
            (passed, "check passed"),
            (unknown, "undecided"),
        ]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, words)| match words {
            "finding" => count(number, "finding"),
            "check passed" => format!("{} passed", count(number, "check")),
            _ => format!("{number} {words}"),
        })
        .collect::<Vec<_>>()
        .join(", ");
        chapters
            .entry(rule.metadata.category)
            .or_default()
            .push(ChecklistItem {
                id,
                sentence: requirement(id)
                    .map_or(rule.metadata.title, |requirement| requirement.sentence),
                state,
                basis,
                labels,
            });
    }
    chapters.into_iter().collect()
}
