//! JSON.

use serde::Serialize;

use super::{Finding, Passed, Report, ServiceSummary, Unknown, Verdict};
use crate::rule::{Confidence, Severity};

#[derive(Serialize)]
struct Document<'r> {
    tool: &'static str,
    version: &'static str,
    repository: &'r str,
    verdict: Verdict,
    score: Option<u8>,
    coverage: u8,
    services: &'r [ServiceSummary],
    findings: Vec<Entry<'r>>,
    passed: &'r [Passed],
    unknown: &'r [Unknown],
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
            fingerprint: &finding.fingerprint,
        }
    }
}

/// The report as JSON. `score` is null when no rule could decide; `coverage` is a percentage.
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
        findings: report.findings.iter().map(Entry::from).collect(),
        passed: &report.passed,
        unknown: &report.unknown,
    })
}
