//! Findings by severity, with location, risk, impact and fix.

use super::escape::{block, code, prose, text};
use super::{MAX_FRAMES, MAX_PLACES, MAX_RELATED_SHOWN, capitalised};
use crate::report::narrative::{Group, Narrative};
use crate::report::prose::count;
use crate::report::{Finding, Section};
use std::fmt::{self, Write};

pub(super) fn findings(out: &mut String, narrative: &Narrative<'_>) -> fmt::Result {
    writeln!(out, "## Findings\n")?;
    let mut last = None;
    for one in narrative
        .groups
        .iter()
        .filter(|group| group.section != Section::Review)
    {
        if last != Some(one.section) {
            last = Some(one.section);
            writeln!(out, "### {}\n", heading(one.section))?;
        }
        if one.section == Section::Note {
            note(out, one)?;
        } else {
            group(out, one)?;
        }
    }
    if last.is_none() {
        writeln!(out, "No open findings.")?;
    }
    writeln!(out)
}

/// The likely findings, which a person has to verify.
pub(super) fn reviews(out: &mut String, narrative: &Narrative<'_>) -> fmt::Result {
    let mut reviews = narrative
        .groups
        .iter()
        .filter(|group| group.section == Section::Review)
        .peekable();
    if reviews.peek().is_none() {
        return Ok(());
    }
    writeln!(out, "## To review\n\n{REVIEW_NOTE}\n")?;
    reviews.try_for_each(|one| group(out, one))?;
    writeln!(out)
}

/// The explanation of the chapter with findings to review.
pub(in crate::report) const REVIEW_NOTE: &str = "These findings are likely but not certain, so a person has to verify each one. They do not fail the audit and do not affect the verdict.";

/// The heading of a section.
pub(in crate::report) fn heading(section: Section) -> String {
    match section {
        Section::Certain(severity) => capitalised(severity.name()),
        Section::Review => "To review".to_owned(),
        Section::Note => "Worth knowing".to_owned(),
    }
}

/// Findings of severity info take one line each.
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
        facts(group)
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
        if !finding.related.is_empty() {
            let related = finding.related_places(MAX_RELATED_SHOWN);
            let named: Vec<_> = related.shown.iter().map(|place| code(place)).collect();
            writeln!(out, "  Also at {}{}.", named.join(", "), related.more())?;
        }
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

/// The number of places, and how sure or how severe they are.
pub(in crate::report) fn facts(group: &Group<'_>) -> String {
    if group.section == Section::Review {
        return format!(
            "{} · {} if confirmed",
            count(group.findings.len(), "place"),
            group.severity
        );
    }
    certainty(group)
}

/// The confidence of the places: `high confidence`, or how many of which.
fn certainty(group: &Group<'_>) -> String {
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
