//! Findings, passes, unknowns.

use serde::Serialize;

use super::Frame;
use crate::rule::{Category, Confidence, Severity};
use crate::secret::SafeText;

/// Maximum number of stored further places of a finding. A reader can search for more.
pub(crate) const MAX_RELATED: usize = 50;

/// A further place of a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RelatedPlace {
    /// File relative to the root.
    pub path: String,
    /// Line, from 1.
    pub line: usize,
}

/// Further places of a finding, cut to a readable number.
pub(super) struct RelatedPlaces {
    /// The first ones, as `path:line`.
    pub(super) shown: Vec<String>,
    hidden: usize,
}

impl RelatedPlaces {
    /// The words for the places that are not shown.
    pub(super) fn more(&self) -> String {
        match self.hidden {
            0 => String::new(),
            hidden => format!(" and {hidden} more"),
        }
    }
}

/// A violated requirement, ready to print.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The ID of the rule.
    pub id: &'static str,
    /// The severity.
    pub severity: Severity,
    /// The confidence of the finding.
    pub confidence: Confidence,
    /// The chapter.
    pub category: Category,
    /// The service, if the finding belongs to one.
    pub service: Option<String>,
    /// File relative to the root.
    pub path: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Line on which the place ends.
    pub end_line: usize,
    /// Column after the last character of the place.
    pub end_column: usize,
    /// The problem.
    pub title: &'static str,
    /// The evidence.
    pub evidence: SafeText,
    /// The lines of code.
    pub frame: Frame,
    /// The consequence.
    pub impact: &'static str,
    /// How to fix it.
    pub fix: SafeText,
    /// Further places: path and line. The same mistake, or the other end of a comparison.
    pub related: Vec<RelatedPlace>,
    /// The fix as a unified diff that `git apply` takes, when the change is local and safe.
    pub diff: Option<String>,
    /// The fingerprint, which stays the same when lines move.
    pub fingerprint: String,
}

/// The section of a finding in a report, least important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Findings of severity info.
    Note,
    /// Likely findings, which a person has to verify.
    Review,
    /// Certain, of this severity.
    Certain(Severity),
}

impl Section {
    /// Every section, most important first.
    pub const ALL: [Self; 6] = [
        Self::Certain(Severity::Critical),
        Self::Certain(Severity::High),
        Self::Certain(Severity::Medium),
        Self::Certain(Severity::Low),
        Self::Review,
        Self::Note,
    ];
}

impl Finding {
    /// Whether the finding is likely and not certain. A person has to verify it. It does not fail
    /// an audit and does not affect the verdict.
    #[must_use]
    pub fn is_review(&self) -> bool {
        self.confidence == Confidence::Low && self.severity > Severity::Info
    }

    /// The section of the report that lists the finding.
    #[must_use]
    pub fn section(&self) -> Section {
        match self.severity {
            Severity::Info => Section::Note,
            _ if self.is_review() => Section::Review,
            severity => Section::Certain(severity),
        }
    }

    /// The first further places as `path:line`, and how many more there are.
    pub(super) fn related_places(&self, max: usize) -> RelatedPlaces {
        RelatedPlaces {
            shown: self
                .related
                .iter()
                .take(max)
                .map(|place| format!("{}:{}", place.path, place.line))
                .collect(),
            hidden: self.related.len().saturating_sub(max),
        }
    }

    /// The evidence and, below it, the lines of code.
    #[must_use]
    pub fn evidence_with_frame(&self) -> String {
        if self.frame.is_empty() {
            self.evidence.to_string()
        } else {
            format!("{}\n{}", self.evidence, self.frame)
        }
    }

    /// The fix and, below an empty line, its diff.
    #[must_use]
    pub fn fix_with_diff(&self) -> String {
        match &self.diff {
            Some(diff) => format!("{}\n\n{diff}", self.fix),
            None => self.fix.to_string(),
        }
    }
}

/// A check that passed.
#[derive(Debug, Clone, Serialize)]
pub struct Passed {
    /// The ID of the rule.
    pub id: &'static str,
    /// The service.
    pub service: Option<String>,
    /// The title of the rule.
    pub title: &'static str,
    /// The evidence.
    pub evidence: SafeText,
    /// The file.
    pub path: Option<String>,
    /// Line, from 1.
    pub line: Option<usize>,
}

/// A check that the auditor could not decide.
#[derive(Debug, Clone, Serialize)]
pub struct Unknown {
    /// The ID of the rule.
    pub id: &'static str,
    /// The service.
    pub service: Option<String>,
    /// The title of the rule.
    pub title: &'static str,
    /// The reason.
    pub reason: SafeText,
}

/// A rule that the configuration switches off.
#[derive(Debug, Clone, Serialize)]
pub struct SwitchedOff {
    /// The ID of the rule.
    pub id: &'static str,
    /// The title of the rule.
    pub title: &'static str,
    /// The reason in the configuration.
    pub reason: SafeText,
}

/// The outcomes of all rules.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) findings: Vec<Finding>,
    pub(crate) passed: Vec<Passed>,
    pub(crate) unknown: Vec<Unknown>,
    pub(crate) switched_off: Vec<SwitchedOff>,
    /// Rules with more findings than the report keeps, and the number of omitted findings.
    pub(crate) flooded: Vec<(&'static str, usize)>,
}
