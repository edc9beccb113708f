//! Explains to the author of a rule why the rule does not report a line.

use std::fmt::{self, Write};
use std::path::Path;

use crate::audit::AuditError;
use crate::config::{AuditConfig, RuleSetting};
use crate::model::{FileFacts, Model, Service};
use crate::report::{Finding, Findings, Frame};
use crate::repository::Tracked;
use crate::rule::{Check, Rule, explain, run_one};
use crate::secret::SafeText;
use crate::source::printable;
use crate::suppression;

/// Maximum distance in lines at which facts and findings count as those of the line.
const NEAR_LINES: usize = 3;
/// Maximum length of the description of a fact, in characters. Longer ones are cut.
const MAX_FACT_CHARACTERS: usize = 240;
/// Maximum number of listed outcomes of each kind.
const MAX_LISTED: usize = 8;

/// Errors of [`explain_miss`].
#[derive(Debug, thiserror::Error)]
pub enum MissError {
    /// The repository cannot be audited.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// There is no such rule, or the ID names several.
    #[error("`{0}` does not name one rule: list all with `seaworthy audit rules`")]
    Rule(String),
    /// The repository has no such file.
    #[error("{0}: the repository does not contain this file: use a path relative to its root")]
    File(String),
    /// Writing to a string failed, which does not happen.
    #[error(transparent)]
    Text(#[from] fmt::Error),
}

/// Explains the facts that the auditor has about a line, and the results of a rule for its service.
///
/// # Errors
/// [`MissError`], when the rule or the file does not exist or the repository cannot be read.
pub fn explain_miss(
    root: &Path,
    config: &AuditConfig,
    path: &str,
    line: usize,
    rule: &str,
) -> Result<String, MissError> {
    let (model, _) = crate::audit::model(root, config)?;
    let path = path.trim_start_matches("./");
    if !model.has_path(path) {
        return Err(MissError::File(path.to_owned()));
    }
    let found = explain(rule);
    let [rule] = found.as_slice() else {
        return Err(MissError::Rule(rule.to_owned()));
    };
    let mut out = String::new();
    writeln!(
        out,
        "{} at {}:{line}: {}\n",
        rule.metadata.id,
        printable::line(path),
        rule.metadata.title
    )?;
    let Some(file) = model.files.get(path) else {
        writeln!(
            out,
            "Result: the file was not read. It is binary, larger than the limit, or ignored by the configuration."
        )?;
        return Ok(out);
    };
    describe_file(&mut out, file, line)?;
    let services: Vec<&Service> = model
        .services
        .iter()
        .filter(|service| belongs(service, path))
        .collect();
    let names: Vec<&str> = services
        .iter()
        .map(|service| service.name.as_str())
        .collect();
    writeln!(
        out,
        "Services   {}",
        if names.is_empty() {
            "none".to_owned()
        } else {
            printable::line(&names.join(", ")).into_owned()
        }
    )?;
    describe_facts(&mut out, file, line)?;
    let outcome = outcome(rule, &model, config, &names);
    describe_outcome(&mut out, &outcome)?;
    writeln!(
        out,
        "\nResult: {}",
        result(rule, &model, config, file, line, &names, &outcome)
    )?;
    Ok(out)
}

/// Whether a file is part of a service: as source, as Dockerfile, or as manifest.
fn belongs(service: &Service, path: &str) -> bool {
    service.files.contains(path)
        || service
            .image
            .as_ref()
            .is_some_and(|image| *image.at.path == *path)
        || service.compose.iter().any(|entry| *entry.at.path == *path)
        || service
            .workloads
            .iter()
            .any(|workload| *workload.at.path == *path)
}

fn describe_file(out: &mut String, found: &FileFacts, line: usize) -> fmt::Result {
    let file = &found.file;
    writeln!(
        out,
        "File       {}, role {}, {}",
        file.language.name(),
        format!("{:?}", file.role).to_lowercase(),
        match file.tracked {
            Tracked::Yes => "tracked by Git",
            Tracked::No => "not tracked by Git",
            Tracked::Unknown => "no Git index",
        }
    )?;
    let Some(span) = file.line_span(line) else {
        return writeln!(
            out,
            "Line       the file ends before line {line}, at line {}",
            file.text.lines().count()
        );
    };
    for shown in &Frame::of(found, &file.location(span, None)).lines {
        let mark = if shown.number == line { '>' } else { ' ' };
        writeln!(out, "{mark} {:>7} | {}", shown.number, shown.text)?;
    }
    Ok(())
}

fn describe_facts(out: &mut String, found: &FileFacts, line: usize) -> fmt::Result {
    let near = line.saturating_sub(NEAR_LINES)..=line + NEAR_LINES;
    let facts = found.facts.described(&near);
    writeln!(out, "\nFacts within {NEAR_LINES} lines")?;
    if facts.is_empty() {
        writeln!(out, "  none")?;
    }
    for (kind, at, text) in facts {
        let text = SafeText::new(printable::line(&text));
        let mut shown: String = text.as_str().chars().take(MAX_FACT_CHARACTERS).collect();
        if shown.len() < text.as_str().len() {
            shown.push('…');
        }
        writeln!(out, "  line {at:>4}  {kind}: {shown}")?;
    }
    Ok(())
}

/// The outcomes of the rule for the services of the file, and for the repository.
struct Outcome {
    open: Vec<Finding>,
    suppressed: Vec<(Finding, String)>,
    passed: Vec<String>,
    undecided: Vec<String>,
}

fn outcome(rule: &Rule, model: &Model, config: &AuditConfig, names: &[&str]) -> Outcome {
    let Findings {
        findings,
        passed,
        unknown,
        ..
    } = run_one(rule, model, config);
    let (open, suppressed, _) = suppression::apply(model, findings, config);
    let mine = |service: &Option<String>| {
        service
            .as_deref()
            .is_none_or(|service| names.contains(&service))
    };
    Outcome {
        open: open
            .into_iter()
            .filter(|finding| mine(&finding.service))
            .collect(),
        suppressed: suppressed
            .into_iter()
            .map(|suppressed| (suppressed.finding, suppressed.place))
            .collect(),
        passed: passed
            .into_iter()
            .filter(|passed| mine(&passed.service))
            .map(|passed| match (passed.path, passed.line) {
                (Some(path), Some(line)) => format!("{path}:{line}: {}", passed.evidence),
                _ => passed.evidence.to_string(),
            })
            .collect(),
        undecided: unknown
            .into_iter()
            .filter(|unknown| mine(&unknown.service))
            .map(|unknown| unknown.reason.to_string())
            .collect(),
    }
}

fn describe_outcome(out: &mut String, outcome: &Outcome) -> fmt::Result {
    let findings: Vec<String> = outcome
        .open
        .iter()
        .map(|finding| format!("{}:{}: {}", finding.path, finding.line, finding.evidence))
        .collect();
    for (title, lines) in [
        ("Findings of the rule", &findings),
        ("Passed checks of the rule", &outcome.passed),
        ("Undecided checks of the rule", &outcome.undecided),
    ] {
        writeln!(out, "\n{title}")?;
        for line in lines.iter().take(MAX_LISTED) {
            writeln!(out, "  {}", printable::line(line))?;
        }
        match lines.len().saturating_sub(MAX_LISTED) {
            0 if lines.is_empty() => writeln!(out, "  none")?,
            0 => {}
            more => writeln!(out, "  and {more} more")?,
        }
    }
    Ok(())
}

fn result(
    rule: &Rule,
    model: &Model,
    config: &AuditConfig,
    found: &FileFacts,
    line: usize,
    names: &[&str],
    outcome: &Outcome,
) -> String {
    let file = &found.file;
    let near = |finding: &Finding| {
        finding.path == *file.path
            && finding.line <= line + NEAR_LINES
            && finding.end_line + NEAR_LINES >= line
    };
    if let Some(RuleSetting::Off { reason }) = config.rules.get(rule.metadata.id) {
        return format!(
            "the configuration disables the rule: {}",
            SafeText::new(reason)
        );
    }
    if let Some(finding) = outcome.open.iter().find(|finding| near(finding)) {
        return format!(
            "the rule reports line {}, with severity {} and confidence {}.",
            finding.line,
            finding.severity,
            finding.confidence.name()
        );
    }
    if let Some((finding, place)) = outcome.suppressed.iter().find(|(finding, _)| near(finding)) {
        return format!(
            "the rule reports line {}, and {} suppresses the finding.",
            finding.line,
            printable::line(place)
        );
    }
    if !file.role.is_deployed() {
        return format!(
            "the file has the role {}, and rules skip files that are not deployed (`.deployed()`).",
            format!("{:?}", file.role).to_lowercase()
        );
    }
    let unread = model.not_audited.iter().find(|service| {
        let folder = service.path.rsplit_once('/').map(|(folder, _)| folder);
        names.iter().all(|name| *name == service.name)
            && folder.is_some_and(|folder| file.path.starts_with(&format!("{folder}/")))
    });
    if let Some(service) = unread {
        return format!(
            "the service `{}` was not audited: {}.",
            printable::line(&service.name),
            SafeText::new(&service.reason)
        );
    }
    if names.is_empty() && matches!(rule.check, Check::Service(_)) {
        return "the file does not belong to a service, and the rule checks services only. See `model/build/`, which assigns files to services.".to_owned();
    }
    match outcome {
        Outcome { open, .. } if !open.is_empty() => {
            "the rule reports other places of the service only. If the facts above do not include this line, extend the language support (`packs/`). Otherwise the rule reports one place per service.".to_owned()
        }
        Outcome { undecided, .. } if !undecided.is_empty() => {
            "the rule could not decide. Make the auditor read what the reason names, or return a finding to review.".to_owned()
        }
        Outcome { passed, .. } if !passed.is_empty() => {
            "the rule passed, because of the evidence above.".to_owned()
        }
        _ => "the rule does not apply to this service. If the facts above do not include this line, extend the language support (`packs/`).".to_owned(),
    }
}

#[cfg(test)]
mod tests;
