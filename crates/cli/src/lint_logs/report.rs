use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;

use chrono::Utc;
use seaworthy_audit::source::Location;
use serde::Serialize;

use super::rules::{Finding, Severity};
use crate::arguments::LintOutput;

/// An issue with its location.
#[derive(Debug, Serialize)]
pub(super) struct Issue {
    file: String,
    line: usize,
    column: usize,
    method: String,
    suggestion: &'static str,
    description: String,
    severity: Severity,
}

impl Issue {
    pub(super) fn new(location: &Location, method: &str, finding: Finding) -> Self {
        Self {
            file: location.path.to_string(),
            line: location.line,
            column: location.column,
            method: method.to_owned(),
            suggestion: finding.suggestion,
            description: finding.description,
            severity: finding.severity,
        }
    }
}

/// The result of a check.
#[derive(Debug, Serialize)]
pub(super) struct LintReport {
    timestamp: String,
    total_files: usize,
    scanned_files: usize,
    total_issues: usize,
    issues: Vec<Issue>,
    /// The number of issues by severity.
    summary: BTreeMap<&'static str, usize>,
    /// Files that could not be parsed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unread_files: Vec<String>,
    #[serde(skip)]
    is_complete: bool,
}

impl LintReport {
    pub(super) fn new(is_complete: bool) -> Self {
        Self {
            timestamp: Utc::now().to_rfc3339(),
            total_files: 0,
            scanned_files: 0,
            total_issues: 0,
            issues: Vec::new(),
            summary: BTreeMap::from([("high", 0), ("medium", 0), ("low", 0)]),
            unread_files: Vec::new(),
            is_complete,
        }
    }

    pub(super) fn count(&mut self, is_skipped: bool) {
        self.total_files += 1;
        self.scanned_files += usize::from(!is_skipped);
    }

    pub(super) fn extend(&mut self, issues: Vec<Issue>) {
        for issue in issues {
            self.total_issues += 1;
            *self.summary.entry(name(issue.severity)).or_default() += 1;
            self.issues.push(issue);
        }
    }

    pub(super) fn fail(&mut self, path: &str) {
        self.unread_files.push(path.to_owned());
    }

    pub(super) fn has_issues(&self) -> bool {
        self.total_issues > 0
    }

    pub(super) fn is_complete(&self) -> bool {
        self.is_complete && self.unread_files.is_empty()
    }

    /// Returns the text of the report.
    ///
    /// # Errors
    /// The report cannot be encoded as JSON.
    pub(super) fn render(
        &self,
        output: LintOutput,
        is_verbose: bool,
    ) -> Result<String, Box<dyn Error>> {
        Ok(match output {
            LintOutput::Json => serde_json::to_string_pretty(self)? + "\n",
            LintOutput::Console => self.console(is_verbose),
            LintOutput::Html => self.html(),
        })
    }

    fn console(&self, is_verbose: bool) -> String {
        let mut text = String::new();
        for issue in &self.issues {
            let Issue {
                file, line, column, ..
            } = issue;
            let (severity, description) = (name(issue.severity), &issue.description);
            let _ = writeln!(text, "{file}:{line}:{column}: {severity}: {description}");
            if is_verbose {
                let _ = writeln!(text, "    {}", issue.suggestion);
            }
        }
        for file in &self.unread_files {
            let _ = writeln!(text, "{file}: the file cannot be parsed");
        }
        let _ = writeln!(
            text,
            "{} issues in {} of {} files",
            self.total_issues, self.scanned_files, self.total_files
        );
        text
    }

    fn html(&self) -> String {
        let mut rows = String::new();
        for issue in &self.issues {
            let _ = writeln!(
                rows,
                "<tr><td>{}:{}:{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                escaped(&issue.file),
                issue.line,
                issue.column,
                name(issue.severity),
                escaped(&issue.description),
                escaped(issue.suggestion)
            );
        }
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Logging calls</title></head><body>\n<h1>Logging calls</h1>\n<p>{}: {} issues in {} of {} files</p>\n<table><tr><th>Place</th><th>Severity</th><th>Issue</th><th>Suggestion</th></tr>\n{rows}</table>\n</body></html>\n",
            escaped(&self.timestamp),
            self.total_issues,
            self.scanned_files,
            self.total_files
        )
    }
}

const fn name(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low => "low",
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
