//! The score: passed checks by weight. Unknown results do not change it. The report shows them as
//! coverage.

use std::collections::BTreeMap;

use super::finding::Findings;
use crate::rule::{Category, Severity, rules};

/// The share of passed checks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// The share in percent, weighted by severity. Absent if no rule could decide.
    pub percent: Option<u8>,
    /// Share of decided checks, in percent.
    pub coverage: u8,
}

/// The score of one chapter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CategoryScore {
    /// The chapter.
    pub category: Category,
    /// Its score.
    pub score: Score,
}

#[derive(Default)]
struct Tally {
    kept: f64,
    broken: f64,
    decided: usize,
    unknown: usize,
}

impl Tally {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the values lie between 0 and 100"
    )]
    fn score(&self) -> Score {
        let total = self.kept + self.broken;
        let checks = self.decided + self.unknown;
        Score {
            percent: (total > 0.0).then(|| (self.kept / total * 100.0).floor() as u8),
            coverage: (self.decided * 100)
                .checked_div(checks)
                .and_then(|share| u8::try_from(share).ok())
                .unwrap_or(0),
        }
    }
}

/// Weights as the OSSF scorecard has them.
const fn weight(severity: Severity) -> f64 {
    match severity {
        Severity::Critical => 10.0,
        Severity::High => 7.5,
        Severity::Medium => 5.0,
        Severity::Low => 2.5,
        Severity::Info => 0.0,
    }
}

/// The overall score and the score of each chapter with a decided check. A rule counts once for
/// each service. It counts as broken if it has a finding there, even if other checks passed.
pub(crate) fn scores(found: &Findings) -> (Score, Vec<CategoryScore>) {
    let mut broken: BTreeMap<(&str, Option<&str>), Severity> = BTreeMap::new();
    for finding in &found.findings {
        // A likely breach costs little, because a person may reject it.
        let severity = if finding.is_review() {
            finding.severity.min(Severity::Low)
        } else {
            finding.severity
        };
        let worst = broken
            .entry((finding.id, finding.service.as_deref()))
            .or_insert(severity);
        *worst = (*worst).max(severity);
    }
    let mut total = Tally::default();
    let mut chapters: BTreeMap<Category, Tally> = BTreeMap::new();
    for rule in rules() {
        let metadata = &rule.metadata;
        let chapter = chapters.entry(metadata.category).or_default();
        let mine = |(id, _): &(&str, Option<&str>)| *id == metadata.id;
        let mut subjects = std::collections::BTreeSet::new();
        for ((_, service), severity) in broken.iter().filter(|(key, _)| mine(key)) {
            subjects.insert(*service);
            for tally in [&mut total, &mut *chapter] {
                tally.broken += weight(*severity);
                tally.decided += 1;
            }
        }
        for passed in found
            .passed
            .iter()
            .filter(|passed| passed.id == metadata.id)
        {
            if subjects.insert(passed.service.as_deref()) {
                for tally in [&mut total, &mut *chapter] {
                    tally.kept += weight(metadata.severity);
                    tally.decided += 1;
                }
            }
        }
        for unknown in found
            .unknown
            .iter()
            .filter(|unknown| unknown.id == metadata.id)
        {
            if subjects.insert(unknown.service.as_deref()) {
                total.unknown += 1;
                chapter.unknown += 1;
            }
        }
    }
    let chapters = chapters
        .into_iter()
        .filter(|(_, tally)| tally.decided + tally.unknown > 0)
        .map(|(category, tally)| CategoryScore {
            category,
            score: tally.score(),
        })
        .collect();
    (total.score(), chapters)
}
