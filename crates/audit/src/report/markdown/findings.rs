//! Findings by severity, with location, risk, impact and fix.

use super::escape::{block, code, prose, text};
use super::{MAX_FRAMES, MAX_PLACES, capitalised};
use crate::report::Finding;
use crate::report::narrative::{Group, Narrative};
use crate::report::prose::count;
use crate::rule::Severity;
use std::fmt::{self, Write};

pub(super) fn findings(out: &mut String, narrative: &Narrative<'_>) -> fmt::Result {
    writeln!(out, "## Findings\n")?;
    if narrative.groups.is_empty() {
        return writeln!(out, "No open findings.\n");
    }
    let mut last = None;
    for one in &narrative.groups {
        if last != Some(one.severity) {
            last = Some(one.severity);
            writeln!(out, "### {}\n", heading(one.severity))?;
        }
        if one.severity == Severity::Info {
            note(out, one)?;
        } else {
            group(out, one)?;
        }
    }
    writeln!(out)
}

/// The heading of a severity.
pub(in crate::report) fn heading(severity: Severity) -> String {
    if severity == Severity::Info {
        "Worth knowing".to_owned()
    } else {
        capitalised(severity.name())
    }
}

/// Informative findings take one line each.
fn note(out: &mut String, group: &Group<'_>) -> fmt::Result {
    let places: Vec<String> = group
        .findings
        .iter()
        .take(MAX_PLACES)
        .map(|finding| {
            let service = finding
                .service
                .as_deref()
                .map(|service| format!(" ({})", code(service)))
                .unwrap_or_default();
            format!(
                "{}{service}",
                code(&format!("{}:{}", finding.path, finding.line))
            )
        })
        .collect();
    let more = match group.findings.len().saturating_sub(MAX_PLACES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let fixes = group.fixes();
    writeln!(
        out,
        "- **{}.** {} ({}): {}{more}. {}",
        group.label,
        text(group.title),
        code(group.id),
        places.join(", "),
        fixes
            .first()
            .map_or_else(String::new, |(fix, _)| prose(fix))
    )
}

pub(in crate::report) fn group(out: &mut String, group: &Group<'_>) -> fmt::Result {
    writeln!(
        out,
        "#### {}. {}\n\n{} · {}\n",
        group.label,
        text(group.title),
        code(group.id),
        certainty(group)
    )?;
    for (at, finding) in group.findings.iter().enumerate() {
        let service = finding
            .service
            .as_deref()
            .map(|service| format!(" ({})", code(service)))
            .unwrap_or_default();
        writeln!(
            out,
            "- {}{service}: {}",
            code(&format!(
                "{}:{}:{}",
                finding.path, finding.line, finding.column
            )),
            prose(finding.evidence.as_str())
        )?;
        if at < MAX_FRAMES && !finding.frame.is_empty() {
            writeln!(out, "\n{}\n", block("", &finding.frame.to_string(), "  "))?;
        }
    }
    if !out.ends_with("\n\n") {
        writeln!(out)?;
    }
    writeln!(out, "**Risk.** {}\n", prose(group.impact))?;
    let fixes = group.fixes();
    for (fix, places) in &fixes {
        let places = if fixes.len() > 1 {
            format!(" ({})", count(*places, "place"))
        } else {
            String::new()
        };
        writeln!(out, "**Fix{places}.** {}\n", prose(fix))?;
    }
    for diff in group
        .findings
        .iter()
        .filter_map(|finding| finding.diff.as_ref())
        .take(MAX_FRAMES)
    {
        writeln!(out, "{}\n", block("diff", diff, ""))?;
    }
    Ok(())
}

/// The confidence of the places: `high confidence`, or how many of which.
pub(in crate::report) fn certainty(group: &Group<'_>) -> String {
    let mut counts = std::collections::BTreeMap::new();
    for Finding { confidence, .. } in group.findings.iter().copied() {
        *counts.entry(*confidence).or_insert(0_usize) += 1;
    }
    let parts: Vec<String> = if counts.len() == 1 {
        counts
            .keys()
            .map(|confidence| format!("{} confidence", confidence.name()))
            .collect()
    } else {
        counts
            .iter()
            .rev()
            .map(|(confidence, number)| format!("{number} with {} confidence", confidence.name()))
            .collect()
    };
    format!(
        "{} · {}",
        count(group.findings.len(), "place"),
        parts.join(", ")
    )
}
