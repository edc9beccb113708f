//! The scorecard, the action plan and the checklist.

use super::capitalised;
use super::escape::{code, prose, text};
use crate::report::narrative::{Narrative, State};
use crate::report::promise::BY_HAND;
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
        report.findings.len() - report.reviews(),
        report.reviews(),
        report.unknown.len()
    )
}

pub(super) fn actions(out: &mut String, narrative: &Narrative<'_>) -> fmt::Result {
    writeln!(out, "## Action plan\n")?;
    for (horizon, actions) in &narrative.actions {
        writeln!(out, "### {}\n", horizon.heading())?;
        if actions.is_empty() {
            writeln!(out, "Nothing.\n")?;
            continue;
        }
        for action in actions {
            writeln!(
                out,
                "- [ ] **{}** {}: {} ({}).",
                action.label,
                text(action.title),
                prose(&action.text),
                prose(&action.extent)
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
                format!("; see {}", item.labels.join(", "))
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
    writeln!(
        out,
        "**Questions for the team (files cannot answer them)**\n"
    )?;
    for item in BY_HAND {
        writeln!(out, "- [ ] {item}")?;
    }
    writeln!(out)
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
