//! JSON, as `schema/report.schema.json` describes it.

use serde::Serialize;

use super::{
    Finding, LeftOut, Passed, RelatedPlace, Report, ServiceSummary, SwitchedOff, Unknown, Verdict,
};
use crate::baseline::{BaselineEntry, Changes, Comparison};
use crate::model::NotAudited;
use crate::rule::{Confidence, Severity};
use crate::suppression::{Notice, Suppressed};

/// The JSON Schema of [`json`].
pub const JSON_SCHEMA: &str = include_str!("../../schema/report.schema.json");

#[derive(Serialize)]
struct Document<'r> {
    tool: &'static str,
    version: &'static str,
    repository: &'r str,
    verdict: Verdict,
    score: Option<u8>,
    coverage: u8,
    services: &'r [ServiceSummary],
    not_audited: &'r [NotAudited],
    findings: Vec<Entry<'r>>,
    passed: &'r [Passed],
    unknown: &'r [Unknown],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressed: Vec<SuppressedEntry<'r>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    switched_off: &'r [SwitchedOff],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notices: Vec<NoticeEntry<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<BaselinePart<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<ChangesPart<'r>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    incomplete: &'r [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    left_out: &'r [LeftOut],
}

#[derive(Serialize)]
struct SuppressedEntry<'r> {
    finding: Entry<'r>,
    reason: &'r str,
    until: Option<String>,
    place: &'r str,
}

impl<'r> From<&'r Suppressed> for SuppressedEntry<'r> {
    fn from(suppressed: &'r Suppressed) -> Self {
        Self {
            finding: Entry::from(&suppressed.finding),
            reason: suppressed.reason.as_str(),
            until: suppressed.until.map(|until| until.to_string()),
            place: &suppressed.place,
        }
    }
}

#[derive(Serialize)]
struct NoticeEntry<'r> {
    place: &'r str,
    text: &'r str,
}

impl<'r> From<&'r Notice> for NoticeEntry<'r> {
    fn from(notice: &'r Notice) -> Self {
        Self {
            place: &notice.place,
            text: notice.text.as_str(),
        }
    }
}

/// New and remaining findings by their fingerprints in `findings`.
#[derive(Serialize)]
struct BaselinePart<'r> {
    new: Vec<&'r str>,
    remaining: Vec<&'r str>,
    fixed: &'r [BaselineEntry],
    undecided: &'r [BaselineEntry],
}

impl<'r> From<&'r Comparison> for BaselinePart<'r> {
    fn from(comparison: &'r Comparison) -> Self {
        Self {
            new: comparison.new.iter().map(String::as_str).collect(),
            remaining: comparison.remaining.iter().map(String::as_str).collect(),
            fixed: &comparison.fixed,
            undecided: &comparison.undecided,
        }
    }
}

/// The earlier verdict and score, and the changes since.
#[derive(Serialize)]
struct ChangesPart<'r> {
    verdict: Verdict,
    score: Option<u8>,
    new: Vec<&'r str>,
    unchanged: Vec<&'r str>,
    fixed: &'r [BaselineEntry],
    undecided: &'r [BaselineEntry],
}

impl<'r> From<&'r Changes> for ChangesPart<'r> {
    fn from(changes: &'r Changes) -> Self {
        let part = BaselinePart::from(&changes.comparison);
        Self {
            verdict: changes.verdict,
            score: changes.score,
            new: part.new,
            unchanged: part.remaining,
            fixed: part.fixed,
            undecided: part.undecided,
        }
    }
}

#[derive(Serialize)]
struct Entry<'r> {
    id: &'r str,
    severity: Severity,
    confidence: Confidence,
    service: Option<&'r str>,
    path: &'r str,
    line: usize,
    column: usize,
    title: &'r str,
    evidence: String,
    impact: &'r str,
    fix: String,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    locations: &'r [RelatedPlace],
    fingerprint: &'r str,
}

impl<'r> From<&'r Finding> for Entry<'r> {
    fn from(finding: &'r Finding) -> Self {
        Self {
            id: finding.id,
            severity: finding.severity,
            confidence: finding.confidence,
            service: finding.service.as_deref(),
            path: &finding.path,
            line: finding.line,
            column: finding.column,
            title: finding.title,
            evidence: finding.evidence_with_frame(),
            impact: finding.impact,
            fix: finding.fix_with_diff(),
            locations: &finding.related,
            fingerprint: &finding.fingerprint,
        }
    }
}

/// Renders the report as JSON, see [`JSON_SCHEMA`]. `score` is null if no rule could decide, and
/// `coverage` is a percentage. The last seven parts are absent if they are empty.
///
/// # Errors
/// Never in practice: every part is plain data.
pub fn json(report: &Report) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&Document {
        tool: "seaworthy",
        version: env!("CARGO_PKG_VERSION"),
        repository: &report.repository,
        verdict: report.verdict,
        score: report.score.percent,
        coverage: report.score.coverage,
        services: &report.services,
        not_audited: &report.not_audited,
        findings: report.findings.iter().map(Entry::from).collect(),
        passed: &report.passed,
        unknown: &report.unknown,
        suppressed: report
            .suppressed
            .iter()
            .map(SuppressedEntry::from)
            .collect(),
        switched_off: &report.switched_off,
        notices: report.notices.iter().map(NoticeEntry::from).collect(),
        baseline: report.comparison.as_ref().map(BaselinePart::from),
        changes: report.changes.as_ref().map(ChangesPart::from),
        incomplete: &report.incomplete,
        left_out: &report.left_out,
    })
}

#[cfg(test)]
mod tests;
