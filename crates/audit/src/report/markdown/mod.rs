//! The report as a document in Markdown.

mod appendix;
pub(super) mod escape;
mod findings;
mod plan;
mod services;
mod strengths;

use std::fmt::{self, Write};

use super::narrative::Narrative;
use super::prose::not_audited as heading_of;
use super::{REVIEW, Report, ServiceSummary};
use crate::rule::Severity;
use appendix::{baseline, changes, how, not_verified, suppressed};
use escape::{code, prose, text};
pub(super) use findings::{REVIEW_NOTE, facts, heading};
use findings::{findings, reviews};
pub(super) use plan::{EFFORT_NOTE, SCORE_NOTE, state};
use plan::{checklist, plan, risks, scorecard};
pub(super) use services::MATRIX_NOTE;
use services::services;
use strengths::strengths;

/// The number of places of one group that are shown with their code. The report only names the
/// others.
pub(super) const MAX_FRAMES: usize = 4;
/// The number of shown evidence lines for a passed check.
pub(super) const MAX_EVIDENCE: usize = 3;
/// Maximum number of further places that the report names for one finding.
pub(super) const MAX_RELATED_SHOWN: usize = 5;
/// Maximum number of places that the report names for one piece of evidence.
pub(super) const MAX_PLACES: usize = 3;

/// The report as Markdown, the most important part first. Text of the repository is escaped or in a
/// code block.
///
/// # Errors
/// Never in practice: writing to a string cannot fail.
pub fn markdown(report: &Report) -> Result<String, fmt::Error> {
    let narrative = Narrative::of(report);
    let mut out = String::new();
    head(&mut out, &narrative)?;
    changes(&mut out, report)?;
    scorecard(&mut out, &narrative)?;
    risks(&mut out, &narrative)?;
    plan(&mut out, &narrative)?;
    services(&mut out, &narrative)?;
    findings(&mut out, &narrative)?;
    reviews(&mut out, &narrative)?;
    checklist(&mut out, &narrative)?;
    strengths(&mut out, &narrative)?;
    not_verified(&mut out, &narrative)?;
    suppressed(&mut out, report)?;
    baseline(&mut out, report)?;
    how(&mut out, report)?;
    Ok(out.trim_end().to_owned() + "\n")
}

fn head(out: &mut String, narrative: &Narrative<'_>) -> fmt::Result {
    let report = narrative.report;
    writeln!(
        out,
        "# Production readiness of {}\n\n**Verdict: {}.**{}\n",
        text(&report.repository),
        report.verdict.sentence(),
        report
            .score
            .percent
            .map_or_else(String::new, |percent| format!(" Score {percent} of 100."))
    )?;
    not_audited(out, report)?;
    let summary: Vec<_> = narrative
        .summary
        .iter()
        .map(|sentence| prose(sentence))
        .collect();
    writeln!(out, "## Executive summary\n\n{}\n", summary.join(" "))
}

/// Writes the services that were not audited, before everything else.
fn not_audited(out: &mut String, report: &Report) -> fmt::Result {
    if report.not_audited.is_empty() {
        return Ok(());
    }
    writeln!(out, "**{}**\n", heading_of(report.not_audited.len()))?;
    for service in &report.not_audited {
        writeln!(
            out,
            "- {} ({}): {}",
            code(&service.name),
            code(&format!("{}:{}", service.path, service.line)),
            prose(&service.reason)
        )?;
    }
    writeln!(out)
}

/// `2 high, 1 low`.
pub(super) fn open_of(service: &ServiceSummary) -> String {
    let counts: Vec<_> = Severity::ALL
        .into_iter()
        .filter_map(|severity| {
            service
                .findings
                .get(severity.name())
                .map(|number| format!("{number} {severity}"))
        })
        .chain(
            service
                .findings
                .get(REVIEW)
                .map(|number| format!("{number} to review")),
        )
        .collect();
    if counts.is_empty() {
        "none".to_owned()
    } else {
        counts.join(", ")
    }
}

pub(super) fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
