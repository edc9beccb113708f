//! The explanation of a rule, for a terminal.

use std::fmt::{self, Write};

use anstyle::AnsiColor;

use super::pretty::{BOLD, DIM, colored, style, wrap};
use crate::rule::Rule;

/// The explanation of a rule, for `explain`.
///
/// # Errors
/// Never in practice: writing to a string cannot fail.
pub fn explanation(rule: &Rule) -> Result<String, fmt::Error> {
    let metadata = &rule.metadata;
    let mut out = String::new();
    let style = style(metadata.severity);
    writeln!(
        out,
        "\n  {BOLD}{}{BOLD:#}  {}\n  {style}{}{style:#} {DIM}· {}{DIM:#}\n",
        metadata.id,
        metadata.title,
        metadata.severity,
        metadata.category.name()
    )?;
    for (label, text) in [
        ("What it means", metadata.meaning),
        ("Why it matters", metadata.why),
    ] {
        writeln!(out, "  {BOLD}{label}{BOLD:#}")?;
        for line in wrap(text) {
            writeln!(out, "  {line}")?;
        }
        writeln!(out)?;
    }
    writeln!(out, "  {BOLD}How to fix it{BOLD:#}")?;
    for (ecosystem, text) in metadata.fix {
        writeln!(out, "  {0}{ecosystem}{0:#}", colored(AnsiColor::Green))?;
        for line in wrap(text) {
            writeln!(out, "    {line}")?;
        }
    }
    writeln!(out, "\n  {BOLD}References{BOLD:#}")?;
    for reference in metadata.references {
        writeln!(out, "  {reference}")?;
    }
    Ok(out)
}

/// One line for each rule.
///
/// # Errors
/// Never in practice: writing to a string cannot fail.
pub fn rule_list(rules: &[&Rule]) -> Result<String, fmt::Error> {
    let mut out = String::new();
    for rule in rules {
        let metadata = &rule.metadata;
        let style = style(metadata.severity);
        writeln!(
            out,
            "{style}{:<9}{style:#} {:<30} {}",
            metadata.severity, metadata.id, metadata.title
        )?;
    }
    Ok(out)
}
