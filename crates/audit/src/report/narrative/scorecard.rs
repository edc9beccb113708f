//! Points by category, with the numbers of outcomes.

use crate::report::{Finding, Report, Score, Section};
use crate::rule::{Category, rules};

/// One category.
#[derive(Debug)]
pub(in crate::report) struct ScorecardRow {
    pub(in crate::report) category: Category,
    pub(in crate::report) score: Score,
    /// The number of open findings that are certain. Notes do not count.
    pub(in crate::report) findings: usize,
    /// The number of findings to review.
    pub(in crate::report) reviews: usize,
    /// The number of passed checks.
    pub(in crate::report) passed: usize,
    /// The number of undecided checks.
    pub(in crate::report) unknown: usize,
}

pub(super) fn scorecard(report: &Report) -> Vec<ScorecardRow> {
    report
        .categories
        .iter()
        .map(|chapter| {
            let category = chapter.category;
            let mine = |id: &str| {
                rules()
                    .iter()
                    .any(|rule| rule.metadata.id == id && rule.metadata.category == category)
            };
            let findings = |wanted: fn(&Finding) -> bool| {
                report
                    .findings
                    .iter()
                    .filter(|finding| finding.category == category && wanted(finding))
                    .count()
            };
            ScorecardRow {
                category,
                score: chapter.score,
                findings: findings(|finding| matches!(finding.section(), Section::Certain(_))),
                reviews: findings(Finding::is_review),
                passed: report
                    .passed
                    .iter()
                    .filter(|passed| mine(passed.id))
                    .count(),
                unknown: report
                    .unknown
                    .iter()
                    .filter(|unknown| mine(unknown.id))
                    .count(),
            }
        })
        .collect()
}
