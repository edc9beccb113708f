//! The file of a baseline: JSON, one finding per entry, sorted, so that its history reads well in
//! version control.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::report::{Finding, Report};
use crate::rule::Severity;

/// The version of the format. The reader rejects other versions.
const VERSION: u32 = 1;
/// Maximum size of a baseline, in bytes: some hundred thousand findings fit.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// A finding that was known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineEntry {
    /// The ID of the rule.
    pub id: String,
    /// The file.
    pub path: String,
    /// Identifies the finding.
    pub fingerprint: String,
    /// The name of the service.
    pub service: Option<String>,
    /// The severity.
    pub severity: Severity,
    /// The problem.
    pub title: String,
}

/// The findings on a date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    version: u32,
    /// Known findings, sorted.
    pub findings: Vec<BaselineEntry>,
}

/// Errors of reading a baseline.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// The file cannot be read.
    #[error("{path}: the baseline cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The file is not a baseline.
    #[error("{path}:{line}:{column}: this is not a valid baseline: {message}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// The problem.
        message: String,
    },
}

impl Baseline {
    /// Returns the findings of a report without suppressed ones, which are documented in their
    /// comments.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        Self::with(report.findings.iter().map(BaselineEntry::of).collect())
    }

    pub(super) fn with(mut findings: Vec<BaselineEntry>) -> Self {
        findings.sort();
        Self {
            version: VERSION,
            findings,
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`BaselineError`] with the place if the file cannot be read, or is not a baseline of a
    /// supported version.
    pub fn read(path: &Path) -> Result<Self, BaselineError> {
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(MAX_BYTES).read_to_string(&mut text))
            .map_err(|source| BaselineError::Unreadable {
                path: path.to_path_buf(),
                source,
            })?;
        let invalid = |line, column, message| BaselineError::Invalid {
            path: path.to_path_buf(),
            line,
            column,
            message,
        };
        let baseline: Self = serde_json::from_str(
            // Some editors write a byte order mark, and no JSON has one.
            text.trim_start_matches('\u{feff}'),
        )
        .map_err(|error| {
            let message = error.to_string();
            let message = message
                .split(" at line ")
                .next()
                .unwrap_or_default()
                .to_owned();
            invalid(error.line(), error.column(), message)
        })?;
        if baseline.version != VERSION {
            return Err(invalid(
                1,
                1,
                format!(
                    "it has version {}, but this program reads version {VERSION}",
                    baseline.version
                ),
            ));
        }
        Ok(baseline)
    }

    /// Returns the text of the file.
    ///
    /// # Errors
    /// Never in practice: every part is plain data.
    pub fn text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }
}

impl BaselineEntry {
    fn of(finding: &Finding) -> Self {
        Self {
            id: finding.id.to_owned(),
            path: finding.path.clone(),
            fingerprint: finding.fingerprint.clone(),
            service: finding.service.clone(),
            severity: finding.severity,
            title: finding.title.to_owned(),
        }
    }
}
