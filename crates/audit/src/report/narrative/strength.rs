//! The passed checks, with their evidence.

use std::collections::{BTreeMap, BTreeSet};

use crate::report::Report;
use crate::report::requirement::requirement;
use crate::rule::{Category, rules};

/// A rule with passed checks.
#[derive(Debug)]
pub(in crate::report) struct Strength<'r> {
    pub(in crate::report) topic: &'static str,
    /// The ID of the rule.
    pub(in crate::report) id: &'static str,
    /// Sentences with evidence, each with its places.
    pub(in crate::report) evidence: Vec<(&'r str, Vec<Place<'r>>)>,
}

/// The place of a passed check.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::report) struct Place<'r> {
    pub(in crate::report) service: Option<&'r str>,
    /// File and line.
    pub(in crate::report) at: Option<(&'r str, usize)>,
}

/// Passed, in the order of categories. A rule that found something wrong in a service is not right
/// there, even if other checks passed.
pub(super) fn strengths(report: &Report) -> Vec<(Category, Vec<Strength<'_>>)> {
    let broken: BTreeSet<_> = report
        .findings
        .iter()
        .chain(
            report
                .suppressed
                .iter()
                .map(|suppression| &suppression.finding),
        )
        .map(|finding| (finding.id, finding.service.as_deref()))
        .collect();
    let mut chapters: BTreeMap<Category, Vec<Strength<'_>>> = BTreeMap::new();
    for rule in rules() {
        let metadata = &rule.metadata;
        let mut evidence: Vec<(&str, Vec<Place<'_>>)> = Vec::new();
        for passed in report
            .passed
            .iter()
            .filter(|passed| passed.id == metadata.id)
            .filter(|passed| !broken.contains(&(passed.id, passed.service.as_deref())))
        {
            let place = Place {
                service: passed.service.as_deref(),
                at: passed.path.as_deref().zip(passed.line),
            };
            let text = passed.evidence.as_str();
            match evidence.iter_mut().find(|(known, _)| *known == text) {
                Some((_, places)) if places.contains(&place) => {}
                Some((_, places)) => places.push(place),
                None => evidence.push((text, vec![place])),
            }
        }
        if !evidence.is_empty() {
            chapters
                .entry(metadata.category)
                .or_default()
                .push(Strength {
                    topic: requirement(metadata.requirement())
                        .map_or(metadata.title, |requirement| requirement.topic),
                    id: metadata.id,
                    evidence,
                });
        }
    }
    chapters.into_iter().collect()
}
