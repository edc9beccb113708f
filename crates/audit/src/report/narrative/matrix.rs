//! Each service by category.

use std::collections::BTreeMap;

use crate::report::{Report, Section, ServiceSummary};
use crate::rule::{Category, Severity, rules};

/// The result of one category in one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Cell {
    /// Certain findings: how many, and the worst severity.
    Failed(usize, Severity),
    /// Findings to review only.
    Review(usize),
    /// Every decided check passed.
    Passed,
    /// Nothing could be decided.
    Undecided,
    /// No check applies.
    NotApplicable,
}

impl Cell {
    /// The text of a table cell.
    pub(in crate::report) fn text(self) -> String {
        match self {
            Self::Failed(number, severity) => format!("✗ {number} ({severity})"),
            Self::Review(number) => format!("? {number} to review"),
            Self::Passed => "✓".to_owned(),
            Self::Undecided => "undecided".to_owned(),
            Self::NotApplicable => "–".to_owned(),
        }
    }

    /// A class of the style sheet.
    pub(in crate::report) const fn class(self) -> &'static str {
        match self {
            Self::Failed(_, severity) => severity.name(),
            Self::Review(_) => "review",
            Self::Passed => "passed",
            Self::Undecided | Self::NotApplicable => "quiet",
        }
    }
}

/// One service.
#[derive(Debug)]
pub(in crate::report) struct MatrixRow<'r> {
    pub(in crate::report) service: &'r ServiceSummary,
    /// Whether its code was not audited.
    pub(in crate::report) is_unread: bool,
    /// One cell per category of the matrix.
    pub(in crate::report) cells: Vec<Cell>,
}

/// Services by categories.
#[derive(Debug)]
pub(in crate::report) struct Matrix<'r> {
    /// The categories that apply to a service.
    pub(in crate::report) categories: Vec<Category>,
    /// Services of the repository, except those without source, image and decided checks.
    pub(in crate::report) rows: Vec<MatrixRow<'r>>,
}

pub(super) fn matrix(report: &Report) -> Matrix<'_> {
    let categories: Vec<Category> = report
        .categories
        .iter()
        .map(|chapter| chapter.category)
        .collect();
    let tallies = tallies(report);
    let mut rows: Vec<MatrixRow<'_>> = report
        .services
        .iter()
        .map(|service| MatrixRow {
            service,
            is_unread: report
                .not_audited
                .iter()
                .any(|unread| unread.name == service.name),
            cells: categories
                .iter()
                .map(|category| {
                    tallies
                        .get(&(service.name.as_str(), *category))
                        .map_or(Cell::NotApplicable, Tally::cell)
                })
                .collect(),
        })
        .collect();
    // Third-party programs, and workloads of templates without a name, add no information here.
    rows.retain(|row| {
        let decided = |cell: &Cell| !matches!(cell, Cell::NotApplicable | Cell::Undecided);
        row.is_unread
            || row.service.root.is_some()
            || row.service.dockerfile.is_some()
            || row.cells.iter().any(decided)
    });
    // A category about the repository as a whole has no result of a service.
    let used: Vec<bool> = (0..categories.len())
        .map(|at| {
            rows.iter()
                .any(|row| row.cells.get(at) != Some(&Cell::NotApplicable))
        })
        .collect();
    for row in &mut rows {
        let mut at = used.iter();
        row.cells.retain(|_| at.next().copied().unwrap_or_default());
    }
    let mut at = used.iter();
    let categories = categories
        .into_iter()
        .filter(|_| at.next().copied().unwrap_or_default())
        .collect();
    Matrix { categories, rows }
}

/// The results of the rules of one category for one service.
#[derive(Debug, Default)]
struct Tally {
    failed: usize,
    worst: Option<Severity>,
    reviews: usize,
    passed: usize,
    undecided: usize,
}

impl Tally {
    fn cell(&self) -> Cell {
        match (self.worst, self.reviews, self.passed, self.undecided) {
            (Some(worst), ..) => Cell::Failed(self.failed, worst),
            (None, 1.., ..) => Cell::Review(self.reviews),
            (None, 0, 1.., _) => Cell::Passed,
            (None, 0, 0, 1..) => Cell::Undecided,
            (None, 0, 0, 0) => Cell::NotApplicable,
        }
    }
}

/// The results of services, in one pass over the report.
fn tallies(report: &Report) -> BTreeMap<(&str, Category), Tally> {
    let categories: BTreeMap<&str, Category> = rules()
        .iter()
        .map(|rule| (rule.metadata.id, rule.metadata.category))
        .collect();
    let mut tallies: BTreeMap<(&str, Category), Tally> = BTreeMap::new();
    for finding in &report.findings {
        let Some(service) = finding.service.as_deref() else {
            continue;
        };
        let tally = tallies.entry((service, finding.category)).or_default();
        match finding.section() {
            Section::Certain(severity) => {
                tally.failed += 1;
                tally.worst = tally.worst.max(Some(severity));
            }
            Section::Review => tally.reviews += 1,
            Section::Note => {}
        }
    }
    let passed = report
        .passed
        .iter()
        .map(|passed| (passed.service.as_deref(), passed.id, true));
    let unknown = report
        .unknown
        .iter()
        .map(|unknown| (unknown.service.as_deref(), unknown.id, false));
    for (service, id, is_passed) in passed.chain(unknown) {
        if let (Some(service), Some(category)) = (service, categories.get(id)) {
            let tally = tallies.entry((service, *category)).or_default();
            if is_passed {
                tally.passed += 1;
            } else {
                tally.undecided += 1;
            }
        }
    }
    tallies
}
