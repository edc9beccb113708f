//! Changes, what could not be verified, suppressions, the comparison with the baseline, and the
//! method.

use super::MAX_PLACES;
use super::escape::{code, prose, text};
use crate::baseline::Comparison;
use crate::report::Report;
use crate::report::narrative::{Narrative, changes_of};
use crate::report::prose::count;
use crate::report::requirement::BY_HAND;
use std::fmt::{self, Write};

/// The changes since an earlier report.
pub(super) fn changes(out: &mut String, report: &Report) -> fmt::Result {
    let Some(changes) = &report.changes else {
        return Ok(());
    };
    writeln!(
        out,
        "## Changes since the earlier report\n\n{}\n",
        changes_of(report, changes)
    )?;
    compared(out, report, &changes.comparison)
}

pub(super) fn suppressed(out: &mut String, report: &Report) -> fmt::Result {
    if report.suppressed.is_empty() && report.switched_off.is_empty() && report.notices.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Suppressed\n")?;
    for suppression in &report.suppressed {
        let until = suppression
            .until
            .map(|until| format!(" until {until}"))
            .unwrap_or_default();
        writeln!(
            out,
            "- {} {} at {}: {} (declared at {}{until})",
            suppression.finding.severity,
            code(suppression.finding.id),
            code(&format!(
                "{}:{}",
                suppression.finding.path, suppression.finding.line
            )),
            text(suppression.reason.as_str()),
            code(&suppression.place)
        )?;
    }
    for off in &report.switched_off {
        writeln!(
            out,
            "- {} is disabled: {}",
            code(off.id),
            text(off.reason.as_str())
        )?;
    }
    for notice in &report.notices {
        writeln!(
            out,
            "- {}: {}",
            code(&notice.place),
            prose(notice.text.as_str())
        )?;
    }
    writeln!(out)
}

pub(super) fn baseline(out: &mut String, report: &Report) -> fmt::Result {
    let Some(comparison) = &report.comparison else {
        return Ok(());
    };
    writeln!(out, "## Comparison with the baseline\n")?;
    compared(out, report, comparison)
}

/// New, fixed and unchanged findings.
fn compared(out: &mut String, report: &Report, comparison: &Comparison) -> fmt::Result {
    let new = report
        .findings
        .iter()
        .filter(|finding| comparison.new.contains(&finding.fingerprint));
    for finding in new {
        writeln!(
            out,
            "- new: {} in {}: {}",
            code(finding.id),
            code(&format!("{}:{}", finding.path, finding.line)),
            text(finding.title)
        )?;
    }
    for (word, entries) in [
        ("fixed", &comparison.fixed),
        ("gone, but not proven fixed", &comparison.undecided),
    ] {
        for entry in entries {
            writeln!(
                out,
                "- {word}: {} in {}: {}",
                code(&entry.id),
                code(&entry.path),
                text(&entry.title)
            )?;
        }
    }
    writeln!(out, "- {} unchanged\n", comparison.remaining.len())
}

/// Undecided checks, files that were not read, and questions that files cannot answer.
pub(super) fn not_verified(out: &mut String, narrative: &Narrative<'_>) -> fmt::Result {
    let report = narrative.report;
    writeln!(out, "## What could not be verified\n")?;
    for service in &report.not_audited {
        writeln!(
            out,
            "- Not audited: {}, because {}",
            code(&service.name),
            prose(&service.reason)
        )?;
    }
    for left_out in &report.left_out {
        writeln!(
            out,
            "- Not read: {} {}, for example {}",
            count(left_out.count, "file"),
            left_out.reason,
            code(&left_out.example)
        )?;
    }
    for reason in &report.incomplete {
        writeln!(out, "- Incomplete: {}", prose(reason))?;
    }
    if !out.ends_with("\n\n") {
        writeln!(out)?;
    }
    undecided(out, narrative)?;
    writeln!(
        out,
        "**Questions for the team (files cannot answer them)**\n"
    )?;
    for item in BY_HAND {
        writeln!(out, "- [ ] {item}")?;
    }
    writeln!(out)
}

fn undecided(out: &mut String, narrative: &Narrative<'_>) -> fmt::Result {
    if narrative.unknown.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "**Undecided checks (neither confirmed nor rejected)**\n"
    )?;
    for (unknown, services) in &narrative.unknown {
        let services = if services.is_empty() {
            String::new()
        } else {
            let named: Vec<_> = services
                .iter()
                .take(MAX_PLACES)
                .map(|service| code(service))
                .collect();
            let more = match services.len().saturating_sub(MAX_PLACES) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!(" ({}{more})", named.join(", "))
        };
        writeln!(
            out,
            "- {}{services}: {}",
            code(unknown.id),
            prose(unknown.reason.as_str())
        )?;
    }
    writeln!(out)
}

pub(super) fn how(out: &mut String, report: &Report) -> fmt::Result {
    writeln!(
        out,
        "## How this report was made\n\nBy {} {} from {} of the repository, without running any of its code. Line numbers refer to the audited commit. {} explains a rule.\n",
        code("seaworthy audit"),
        env!("CARGO_PKG_VERSION"),
        count(report.files, "file"),
        code("seaworthy audit explain ID")
    )
}
