//! Text for a terminal, with the worst findings first.

mod closing;

use std::fmt::{self, Write};

use anstyle::{AnsiColor, Color, Style};

use self::closing::{comparison, scorecard, suppressed, unknown};
use super::markdown::{MAX_RELATED_SHOWN, REVIEW_NOTE};
use super::prose::{count, not_audited as heading_of};
use super::{Finding, FrameLine, Report, Section};
use crate::rule::Severity;
use crate::source::printable::line as printable;

/// Maximum number of shown reasons. The rest is only counted.
const MAX_UNKNOWN_SHOWN: usize = 5;
/// The column at which texts are wrapped.
const WIDTH: usize = 96;
const BAR: usize = 20;

pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const BOLD: Style = Style::new().bold();

pub(super) const fn colored(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(Color::Ansi(color)))
}

pub(super) const fn style(severity: Severity) -> Style {
    match severity {
        Severity::Critical => colored(AnsiColor::Red).bold(),
        Severity::High => colored(AnsiColor::Red),
        Severity::Medium => colored(AnsiColor::Yellow),
        Severity::Low => colored(AnsiColor::Cyan),
        Severity::Info => DIM,
    }
}

/// Renders the report with colour codes. A caller without colours strips them.
///
/// # Errors
/// Never in practice: writing to a string cannot fail.
pub fn pretty(report: &Report) -> Result<String, fmt::Error> {
    let mut out = String::new();
    let services = report
        .services
        .iter()
        .filter(|service| service.root.is_some() || service.dockerfile.is_some())
        .count();
    writeln!(
        out,
        "\n  {BOLD}{}{BOLD:#}  {DIM}{} files, {services} services{DIM:#}\n",
        printable(&report.repository),
        report.files
    )?;
    not_audited(&mut out, report)?;
    let mut last = None;
    for finding in &report.findings {
        if last != Some(finding.section()) {
            heading(&mut out, report, finding.section())?;
            last = Some(finding.section());
        }
        if finding.severity == Severity::Info {
            note(&mut out, finding)?;
        } else {
            one(&mut out, report, finding)?;
        }
    }
    if last == Some(Section::Note) {
        writeln!(out)?;
    }
    suppressed(&mut out, report)?;
    unknown(&mut out, report)?;
    scorecard(&mut out, report)?;
    comparison(&mut out, report)?;
    for left_out in &report.left_out {
        writeln!(
            out,
            "  {DIM}not read    {} {}, for example {}{DIM:#}",
            count(left_out.count, "file"),
            left_out.reason,
            printable(&left_out.example)
        )?;
    }
    for reason in &report.incomplete {
        writeln!(
            out,
            "  {0}incomplete{0:#}  {1}",
            colored(AnsiColor::Yellow),
            printable(reason)
        )?;
    }
    Ok(out)
}

/// Writes the services without any check.
fn not_audited(out: &mut String, report: &Report) -> fmt::Result {
    if report.not_audited.is_empty() {
        return Ok(());
    }
    let style = colored(AnsiColor::Red).bold();
    writeln!(
        out,
        "  {style}{}{style:#}\n",
        heading_of(report.not_audited.len())
    )?;
    for service in &report.not_audited {
        writeln!(
            out,
            "  {style}✗{style:#} {BOLD}{}{BOLD:#}  {DIM}{}:{}{DIM:#}",
            printable(&service.name),
            printable(&service.path),
            service.line
        )?;
        for line in wrap(&printable(&service.reason)) {
            writeln!(out, "    {line}")?;
        }
    }
    writeln!(out)
}

/// Findings of severity info take one line each.
fn note(out: &mut String, finding: &Finding) -> fmt::Result {
    writeln!(
        out,
        "  {DIM}○{DIM:#} {}  {DIM}{}:{} {}{DIM:#}",
        finding.title,
        printable(&finding.path),
        finding.line,
        finding.id
    )
}

fn heading(out: &mut String, report: &Report, section: Section) -> fmt::Result {
    let (name, count, style) = match section {
        Section::Certain(severity) => (
            severity.name().to_uppercase(),
            report.count(severity),
            style(severity),
        ),
        Section::Review => (
            "TO REVIEW".to_owned(),
            report.reviews(),
            colored(AnsiColor::Blue),
        ),
        Section::Note => (
            "INFO".to_owned(),
            report.count(Severity::Info),
            style(Severity::Info),
        ),
    };
    let rule = "─".repeat(WIDTH.saturating_sub(name.len() + 8));
    writeln!(out, "  {style}{name}{style:#} {DIM}{count} {rule}{DIM:#}\n")?;
    if section == Section::Review {
        for line in wrap(REVIEW_NOTE) {
            writeln!(out, "  {DIM}{line}{DIM:#}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn one(out: &mut String, report: &Report, finding: &Finding) -> fmt::Result {
    let style = if finding.is_review() {
        colored(AnsiColor::Blue)
    } else {
        style(finding.severity)
    };
    let state = match report.known() {
        Some(comparison) if comparison.new.contains(&finding.fingerprint) => "new · ",
        Some(_) => "known · ",
        None => "",
    };
    writeln!(
        out,
        "  {style}●{style:#} {BOLD}{}{BOLD:#}  {DIM}{state}{}{DIM:#}",
        finding.title, finding.id
    )?;
    let service = finding
        .service
        .as_ref()
        .map(|service| format!("{} · ", printable(service)))
        .unwrap_or_default();
    let certainty = if finding.is_review() {
        format!("{} if confirmed", finding.severity)
    } else {
        format!("{} confidence", finding.confidence.name())
    };
    writeln!(
        out,
        "    {DIM}{service}{DIM:#}{}:{}:{} {DIM}· {certainty}{DIM:#}",
        printable(&finding.path),
        finding.line,
        finding.column
    )?;
    for line in wrap(finding.evidence.as_str()) {
        writeln!(out, "    {line}")?;
    }
    if !finding.related.is_empty() {
        let related = finding.related_places(MAX_RELATED_SHOWN);
        let places = related.shown.join(", ");
        writeln!(
            out,
            "    {DIM}also at {}{}{DIM:#}",
            printable(&places),
            related.more()
        )?;
    }
    writeln!(out)?;
    for line in &finding.frame.lines {
        let FrameLine { number, text, .. } = line;
        if line.marked {
            writeln!(out, "    {style}▌{style:#} {number:>4} | {text}")?;
        } else {
            writeln!(out, "    {DIM}  {number:>4} | {text}{DIM:#}")?;
        }
    }
    writeln!(out)?;
    for (at, line) in wrap(finding.fix.as_str()).iter().enumerate() {
        let label = if at == 0 { "fix" } else { "   " };
        writeln!(out, "    {0}{label}{0:#} {line}", colored(AnsiColor::Green))?;
    }
    if let Some(diff) = &finding.diff {
        writeln!(out)?;
        for line in diff.lines().filter(|line| !is_diff_heading(line)) {
            let style = match line.chars().next() {
                Some('+') => colored(AnsiColor::Green),
                Some('-') => colored(AnsiColor::Red),
                _ => DIM,
            };
            writeln!(out, "        {style}{line}{style:#}")?;
        }
    }
    writeln!(out)
}

/// The path and the place are printed already.
fn is_diff_heading(line: &str) -> bool {
    ["--- a/", "+++ b/", "@@ "]
        .iter()
        .any(|heading| line.starts_with(heading))
}

/// Breaks text at words.
pub(super) fn wrap(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && line.chars().count() + word.chars().count() + 1 > WIDTH {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}
