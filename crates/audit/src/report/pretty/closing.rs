//! The sections after the findings: suppressions, undecided checks, the scorecard and the
//! comparison.

use std::fmt::{self, Write};

use anstyle::AnsiColor;

use super::{BAR, BOLD, DIM, MAX_UNKNOWN_SHOWN, WIDTH, colored, style};
use crate::baseline::Comparison;
use crate::report::{Report, Verdict};
use crate::rule::Severity;
use crate::source::printable::line as printable;

/// Lists suppressions, so that reviewers see them.
pub(super) fn suppressed(out: &mut String, report: &Report) -> fmt::Result {
    let number = report.suppressed.len() + report.switched_off.len();
    if number > 0 {
        writeln!(out, "  {DIM}SUPPRESSED {number}{DIM:#}\n")?;
    }
    for suppression in &report.suppressed {
        let until = suppression
            .until
            .map(|until| format!(" until {until}"))
            .unwrap_or_default();
        writeln!(
            out,
            "  {DIM}– {} {} {}:{}{until}: {}{DIM:#}",
            suppression.finding.severity,
            suppression.finding.id,
            printable(&suppression.finding.path),
            suppression.finding.line,
            suppression.reason
        )?;
    }
    for off in &report.switched_off {
        writeln!(
            out,
            "  {DIM}– {} is switched off: {}{DIM:#}",
            off.id, off.reason
        )?;
    }
    if number > 0 {
        writeln!(out)?;
    }
    let warning = colored(AnsiColor::Yellow);
    for notice in &report.notices {
        writeln!(
            out,
            "  {warning}!{warning:#} {}: {}",
            printable(&notice.place),
            notice.text
        )?;
    }
    if !report.notices.is_empty() {
        writeln!(out)?;
    }
    Ok(())
}

pub(super) fn comparison(out: &mut String, report: &Report) -> fmt::Result {
    if let Some(comparison) = &report.comparison {
        compared(out, comparison, "the baseline")?;
    }
    if let Some(changes) = &report.changes {
        compared(out, &changes.comparison, "the earlier report")?;
    }
    Ok(())
}

fn compared(out: &mut String, comparison: &Comparison, with: &str) -> fmt::Result {
    writeln!(
        out,
        "  compared to {with}: {BOLD}{} new{BOLD:#}, {} unchanged, {} fixed\n",
        comparison.new.len(),
        comparison.remaining.len(),
        comparison.fixed.len()
    )?;
    for entry in &comparison.fixed {
        writeln!(
            out,
            "  {0}✓{0:#} {DIM}fixed: {1} in {2}{DIM:#}",
            colored(AnsiColor::Green),
            printable(&entry.title),
            printable(&entry.path)
        )?;
    }
    for entry in &comparison.undecided {
        writeln!(
            out,
            "  {DIM}? gone, but not proven fixed: {} in {}{DIM:#}",
            printable(&entry.title),
            printable(&entry.path)
        )?;
    }
    if !comparison.fixed.is_empty() || !comparison.undecided.is_empty() {
        writeln!(out)?;
    }
    Ok(())
}

pub(super) fn unknown(out: &mut String, report: &Report) -> fmt::Result {
    if report.unknown.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "  {DIM}UNDECIDED {} (counted in the coverage){DIM:#}\n",
        report.unknown.len()
    )?;
    for unknown in report.unknown.iter().take(MAX_UNKNOWN_SHOWN) {
        let service = unknown
            .service
            .as_deref()
            .map(|service| format!("{}: ", printable(service)))
            .unwrap_or_default();
        writeln!(
            out,
            "  {DIM}? {:<28} {service}{}{DIM:#}",
            unknown.id, unknown.reason
        )?;
    }
    if let Some(more) = report
        .unknown
        .len()
        .checked_sub(MAX_UNKNOWN_SHOWN)
        .filter(|more| *more > 0)
    {
        writeln!(out, "  {DIM}  and {more} more{DIM:#}")?;
    }
    writeln!(out)
}

pub(super) fn scorecard(out: &mut String, report: &Report) -> fmt::Result {
    writeln!(
        out,
        "  {DIM}{}{DIM:#}\n",
        "─".repeat(WIDTH.saturating_sub(4))
    )?;
    for chapter in &report.categories {
        let (bar, text) = match chapter.score.percent {
            Some(percent) => {
                let full = usize::from(percent) * BAR / 100;
                (
                    format!("{}{}", "━".repeat(full), "┄".repeat(BAR - full)),
                    format!("{percent:>3}"),
                )
            }
            None => ("┄".repeat(BAR), "  –".to_owned()),
        };
        writeln!(
            out,
            "  {:<14} {bar} {text}  {DIM}{:>3} % decided{DIM:#}",
            chapter.category.name(),
            chapter.score.coverage
        )?;
    }
    let counts: Vec<String> = Severity::ALL
        .into_iter()
        .filter_map(|severity| {
            let count = report.count(severity);
            (count > 0).then(|| format!("{0}{count} {severity}{0:#}", style(severity)))
        })
        .chain((report.reviews() > 0).then(|| format!("{} to review", report.reviews())))
        .collect();
    let color = match report.verdict {
        Verdict::Ready => AnsiColor::Green,
        Verdict::ReadyWithConditions | Verdict::Undecided | Verdict::PartlyAudited => {
            AnsiColor::Yellow
        }
        Verdict::NotReady => AnsiColor::Red,
    };
    let verdict = colored(color).bold();
    let score = report.score.percent.map_or_else(
        || "no score".to_owned(),
        |percent| format!("score {percent}"),
    );
    writeln!(out, "\n  {verdict}{}{verdict:#}", report.verdict.sentence())?;
    let found = if counts.is_empty() {
        "no findings".to_owned()
    } else {
        counts.join(", ")
    };
    writeln!(
        out,
        "  {score} {DIM}·{DIM:#} {} % decided {DIM}·{DIM:#} {found} {DIM}·{DIM:#} {} right\n",
        report.score.coverage,
        report.passed.len()
    )
}
