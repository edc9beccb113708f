//! The scorecard, the top risks, the remediation plan and the checklist.

use super::capitalised;
use super::escape::{code, prose, table, text};
use crate::report::narrative::{Narrative, State};
use std::fmt::{self, Write};

/// How the score is made.
pub(in crate::report) const SCORE_NOTE: &str = "The score is the share of passed checks, weighted by severity (critical 10, high 7.5, medium 5, low and to review 2.5). Undecided checks do not count, so read the score together with the column “Decided”.";

pub(super) fn scorecard(out: &mut String, narrative: &Narrative<'_>) -> fmt::Result {
    writeln!(
        out,
        "## Scorecard\n\n| Category | Score | Decided | Passed | Failed | To review | Undecided |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    )?;
    for row in &narrative.scorecard {
        writeln!(
            out,
            "| {} | {} | {} % | {} | {} | {} | {} |",
            capitalised(row.category.name()),
            row.score
                .percent
                .map_or_else(|| "–".to_owned(), |percent| percent.to_string()),
            row.score.coverage,
            row.passed,
            row.findings,
            row.reviews,
            row.unknown
        )?;
    }
    let report = narrative.report;
    writeln!(
        out,
        "| **All** | **{}** | **{} %** | {} | {} | {} | {} |\n\n{SCORE_NOTE}\n",
        report
            .score
            .percent
            .map_or_else(|| "–".to_owned(), |percent| percent.to_string()),
        report.score.coverage,
        report.passed.len(),
        report.certain(),
        report.reviews(),
        report.unknown.len()
    )
}

pub(super) fn risks(out: &mut String, narrative: &Narrative<'_>) -> fmt::Result {
    if narrative.risks.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "## Top risks\n\n| Risk | Severity | Impact on the business | Extent | Effort |\n| --- | --- | --- | --- | --- |"
    )?;
    for risk in &narrative.risks {
        writeln!(
            out,
            "| **{}** {} | {} | {} | {} | {} |",
            risk.label,
            table(&text(risk.title)),
            risk.severity,
            risk.impact,
            table(&prose(&risk.extent)),
            risk.effort
        )?;
    }
    writeln!(out)
}

/// How the effort is estimated.
pub(in crate::report) const EFFORT_NOTE: &str = "The effort is an estimate for one engineer who knows the code, from the kind of fix and the number of places. It includes a test and a review.";

pub(super) fn plan(out: &mut String, narrative: &Narrative<'_>) -> fmt::Result {
    writeln!(out, "## Remediation plan\n\n{EFFORT_NOTE}\n")?;
    for stage in &narrative.plan {
        if stage.actions.is_empty() {
            writeln!(out, "### {}\n\nNothing.\n", stage.horizon.heading())?;
            continue;
        }
        writeln!(out, "### {} ({})\n", stage.horizon.heading(), stage.effort)?;
        for (at, action) in stage.actions.iter().enumerate() {
            writeln!(
                out,
                "{}. [ ] **{}** {}: {} ({}, {}).",
                at + 1,
                action.label,
                text(action.title),
                prose(&action.text),
                prose(&action.extent),
                action.effort
            )?;
        }
        writeln!(out)?;
    }
    Ok(())
}

pub(super) fn checklist(out: &mut String, narrative: &Narrative<'_>) -> fmt::Result {
    writeln!(out, "## Readiness checklist\n")?;
    for (category, items) in &narrative.checklist {
        writeln!(out, "**{}**\n", capitalised(category.name()))?;
        for item in items {
            let (mark, words) = state(item.state);
            let see = if item.labels.is_empty() {
                String::new()
            } else {
                format!(", see {}", item.labels.join(", "))
            };
            writeln!(
                out,
                "- [{mark}] {} {}: {words} ({}{see})",
                code(item.id),
                item.sentence,
                item.basis
            )?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// The mark of a box and the words for a state.
pub(in crate::report) const fn state(state: State) -> (char, &'static str) {
    match state {
        State::Kept => ('x', "passed, partly checked"),
        State::PartlyKept => ('x', "passed, partly undecided"),
        State::Broken => (' ', "**broken**"),
        State::Review => (' ', "to review"),
        State::NotShown => (' ', "not found"),
        State::Unknown => (' ', "undecided"),
    }
}
