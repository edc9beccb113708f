//! The whole report.

use std::collections::BTreeMap;

use serde::Serialize;

use super::finding::Findings;
use super::score::scores;
use super::{CategoryScore, Finding, Passed, Score, Unknown};
use crate::model::{Model, ServiceKind};
use crate::rule::{Confidence, Severity};

/// Under this coverage, in percent, silence says too little for a verdict.
const MIN_COVERAGE: u8 = 50;

/// The answer in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing high or critical is open.
    Ready,
    /// Something high is open.
    ReadyWithConditions,
    /// Something critical is open.
    NotReady,
    /// Too little could be told.
    Undecided,
}

impl Verdict {
    /// For people.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Ready => "ready for production",
            Self::ReadyWithConditions => "ready once the high findings are fixed",
            Self::NotReady => "not ready for production",
            Self::Undecided => "undecided: too little of the repository could be understood",
        }
    }
}

/// One service of the report.
#[derive(Debug, Clone, Serialize)]
pub struct ServiceSummary {
    /// Name.
    pub name: String,
    /// What it does.
    pub kind: ServiceKind,
    /// Source folder.
    pub root: Option<String>,
    /// Languages.
    pub languages: Vec<&'static str>,
    /// Its Dockerfile.
    pub dockerfile: Option<String>,
    /// Open findings by severity.
    pub findings: BTreeMap<&'static str, usize>,
}

/// The result of an audit.
#[derive(Debug, Clone)]
pub struct Report {
    /// Name of the repository's folder.
    pub repository: String,
    /// The answer.
    pub verdict: Verdict,
    /// Overall score and coverage.
    pub score: Score,
    /// By chapter.
    pub categories: Vec<CategoryScore>,
    /// Services.
    pub services: Vec<ServiceSummary>,
    /// Findings, worst first.
    pub findings: Vec<Finding>,
    /// Kept promises.
    pub passed: Vec<Passed>,
    /// Open questions.
    pub unknown: Vec<Unknown>,
    /// Files read.
    pub files: usize,
    /// Why the audit is incomplete; empty when it is complete.
    pub incomplete: Vec<String>,
}

impl Report {
    pub(crate) fn new(model: &Model, found: Findings, incomplete: Vec<String>) -> Self {
        let (score, categories) = scores(&found);
        let open = |severity| {
            found
                .findings
                .iter()
                .any(|finding| finding.severity == severity && finding.confidence > Confidence::Low)
        };
        let verdict = if open(Severity::Critical) {
            Verdict::NotReady
        } else if model.services.is_empty()
            || score.percent.is_none()
            || score.coverage < MIN_COVERAGE
        {
            Verdict::Undecided
        } else if open(Severity::High) {
            Verdict::ReadyWithConditions
        } else {
            Verdict::Ready
        };
        let services = model
            .services
            .iter()
            .map(|service| {
                let mut findings = BTreeMap::new();
                for finding in found
                    .findings
                    .iter()
                    .filter(|finding| finding.service.as_ref() == Some(&service.name))
                {
                    *findings.entry(finding.severity.name()).or_default() += 1;
                }
                ServiceSummary {
                    name: service.name.clone(),
                    kind: service.kind,
                    root: service.root.clone(),
                    languages: service.languages.iter().copied().collect(),
                    dockerfile: service
                        .image
                        .as_ref()
                        .map(|image| image.at.path.to_string()),
                    findings,
                }
            })
            .collect();
        Self {
            repository: model.name.clone(),
            verdict,
            score,
            categories,
            services,
            findings: found.findings,
            passed: found.passed,
            unknown: found.unknown,
            files: model.files.len(),
            incomplete,
        }
    }

    /// The worst severity of all findings.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }
}
