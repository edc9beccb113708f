//! Points by category, with the answers they are made of.

use crate::report::{Report, Score};
use crate::rule::{Category, rules};

/// One category.
#[derive(Debug)]
pub(in crate::report) struct ScorecardRow {
    /// Category.
    pub(in crate::report) category: Category,
    /// Its score.
    pub(in crate::report) score: Score,
    /// Open findings.
    pub(in crate::report) findings: usize,
    /// Evidence of something right.
    pub(in crate::report) passed: usize,
    /// Open questions.
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
            ScorecardRow {
                category,
                score: chapter.score,
                findings: report
                    .findings
                    .iter()
                    .filter(|finding| finding.category == category)
                    .count(),
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
