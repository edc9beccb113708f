//! The whole report.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::finding::Findings;
use super::score::scores;
use super::{CategoryScore, Finding, Passed, Score, Section, SwitchedOff, Unknown};
use crate::baseline::{Baseline, Changes, Comparison, EarlierReport, compare};
use crate::config::{AuditConfig, Tier};
use crate::model::{Model, NotAudited, ServiceKind};
use crate::rule::{FailOn, Severity};
use crate::secret::SafeText;
use crate::suppression::{Notice, Suppressed, apply};

/// Minimum coverage in percent. Below it, the absence of findings is not enough for a verdict.
const MIN_COVERAGE: u8 = 50;

/// The key of findings to review among the numbers of a service.
pub const REVIEW: &str = "review";

/// The verdict of an audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// No critical or high finding is open.
    Ready,
    /// A high finding is open: ready on condition that it is fixed within a week.
    ReadyWithConditions,
    /// A critical finding is open.
    NotReady,
    /// Too few checks are decided.
    Undecided,
    /// No critical finding is open in the audited services, and other services were not audited.
    PartlyAudited,
}

impl Verdict {
    /// Returns the verdict as the report prints it.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Ready => "ready for production",
            Self::ReadyWithConditions => {
                "ready on condition that the high findings are fixed within a week"
            }
            Self::NotReady => "not ready for production",
            Self::Undecided => "undecided: the auditor understood too little of the repository",
            Self::PartlyAudited => "undetermined, because not every service was audited",
        }
    }
}

/// One service of the report.
#[derive(Debug, Clone, Serialize)]
pub struct ServiceSummary {
    /// The name of the service.
    pub name: String,
    /// Whether it is a server, a worker, a job or a third-party program.
    pub kind: ServiceKind,
    /// Which requirements apply to it.
    pub tier: Tier,
    /// The folder of its source.
    pub root: Option<String>,
    /// Languages of its source files.
    pub languages: Vec<&'static str>,
    /// The path of its Dockerfile.
    pub dockerfile: Option<String>,
    /// Open findings by severity, and those to review under [`REVIEW`].
    pub findings: BTreeMap<&'static str, usize>,
}

/// The result of an audit.
#[derive(Debug, Clone)]
pub struct Report {
    /// Name of the repository's folder.
    pub repository: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Overall score and coverage.
    pub score: Score,
    /// Scores by category.
    pub categories: Vec<CategoryScore>,
    /// The audited services.
    pub services: Vec<ServiceSummary>,
    /// Services whose source was not found or whose language is not read.
    pub not_audited: Vec<NotAudited>,
    /// Findings, worst first.
    pub findings: Vec<Finding>,
    /// Checks that passed.
    pub passed: Vec<Passed>,
    /// Checks that the auditor could not decide.
    pub unknown: Vec<Unknown>,
    /// Files read.
    pub files: usize,
    /// The reasons why the audit is incomplete. Empty if it is complete.
    pub incomplete: Vec<String>,
    /// Files that were not read, by reason.
    pub left_out: Vec<LeftOut>,
    /// Findings that a comment or the configuration suppresses.
    pub suppressed: Vec<Suppressed>,
    /// Rules that the configuration switches off.
    pub switched_off: Vec<SwitchedOff>,
    /// Suppressions that are invalid, expired or unused.
    pub notices: Vec<Notice>,
    /// The comparison with a baseline.
    pub comparison: Option<Comparison>,
    /// The comparison with an earlier report.
    pub changes: Option<Changes>,
}

/// Files that were not read for one reason. They do not make an audit incomplete, because reviewers
/// do not read them either.
#[derive(Debug, Clone, Serialize)]
pub struct LeftOut {
    /// The reason, as a phrase that follows "3 files".
    pub reason: &'static str,
    /// The number of files.
    pub count: usize,
    /// The path of the first file.
    pub example: String,
}

impl Report {
    pub(crate) fn new(
        model: &Model,
        mut found: Findings,
        mut incomplete: Vec<String>,
        config: &AuditConfig,
    ) -> Self {
        let (findings, suppressed, notices) =
            apply(model, std::mem::take(&mut found.findings), config);
        found.findings = findings;
        incomplete.extend(found.flooded.iter().map(|(id, over)| {
            format!("{id} has {over} findings above the limit, which are not listed")
        }));
        let (score, categories) = scores(&found);
        let open = |severity| {
            found
                .findings
                .iter()
                .any(|finding| finding.section() == Section::Certain(severity))
        };
        let verdict = if open(Severity::Critical) {
            Verdict::NotReady
        } else if model.services.is_empty()
            || score.percent.is_none()
            || score.coverage < MIN_COVERAGE
        {
            Verdict::Undecided
        } else if !model.not_audited.is_empty() {
            Verdict::PartlyAudited
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
                    let key = if finding.is_review() {
                        REVIEW
                    } else {
                        finding.severity.name()
                    };
                    *findings.entry(key).or_default() += 1;
                }
                ServiceSummary {
                    name: service.name.clone(),
                    kind: service.kind,
                    tier: config.tier_of(&service.name),
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
            not_audited: model.not_audited.iter().map(masked).collect(),
            findings: found.findings,
            passed: found.passed,
            unknown: found.unknown,
            files: model.files.len(),
            incomplete,
            left_out: Vec::new(),
            suppressed,
            switched_off: found.switched_off,
            notices,
            comparison: None,
            changes: None,
        }
    }

    /// Removes all lines of code, for a report that leaves the organization.
    #[must_use]
    pub fn without_code(mut self) -> Self {
        let suppression = self
            .suppressed
            .iter_mut()
            .map(|suppression| &mut suppression.finding);
        for finding in self.findings.iter_mut().chain(suppression) {
            finding.frame = super::Frame::default();
            finding.diff = None;
        }
        self
    }

    /// Compares the report with a baseline. After this call only new findings fail it.
    pub fn compare_with(&mut self, baseline: &Baseline) {
        self.comparison = Some(compare(self, baseline));
    }

    /// Compares the report with an earlier one. This does not change whether the audit fails.
    pub fn compare_with_earlier(&mut self, earlier: &EarlierReport) {
        self.changes = Some(Changes {
            verdict: earlier.verdict,
            score: earlier.score,
            comparison: compare(self, &earlier.findings),
        });
    }

    /// Returns the comparison with the baseline, or else with an earlier report.
    pub(super) fn known(&self) -> Option<&Comparison> {
        let earlier = self.changes.as_ref().map(|changes| &changes.comparison);
        self.comparison.as_ref().or(earlier)
    }

    /// Whether a finding fails the audit. Findings to review and findings of the baseline do not.
    #[must_use]
    pub fn fails(&self, fail_on: FailOn) -> bool {
        self.findings.iter().any(|finding| {
            fail_on.fails(finding.severity)
                && !finding.is_review()
                && self
                    .comparison
                    .as_ref()
                    .is_none_or(|comparison| comparison.new.contains(&finding.fingerprint))
        })
    }

    /// The number of open findings of a severity, without those to review.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.severity == severity && !finding.is_review())
            .count()
    }

    /// The number of open findings, without those to review and without notes.
    #[must_use]
    pub fn certain(&self) -> usize {
        self.findings.len() - self.reviews() - self.count(Severity::Info)
    }

    /// The number of findings to review.
    #[must_use]
    pub fn reviews(&self) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.is_review())
            .count()
    }
}

/// Masks credentials in the names of images and paths.
fn masked(service: &NotAudited) -> NotAudited {
    NotAudited {
        reason: SafeText::new(&service.reason).to_string(),
        ..service.clone()
    }
}

#[cfg(test)]
mod tests;
