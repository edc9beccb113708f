//! An earlier report, to see what has changed since.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Baseline, BaselineEntry, Comparison};
use crate::report::Verdict;

/// Maximum size of a report, in bytes. A report of a large repository has some megabytes.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// An earlier report, as `--format json` printed it.
#[derive(Debug, Clone)]
pub struct EarlierReport {
    pub(crate) verdict: Verdict,
    pub(crate) score: Option<u8>,
    pub(crate) findings: Baseline,
}

/// The comparison of a report with an earlier one. Unlike a baseline, it does not change which
/// findings fail the audit.
#[derive(Debug, Clone)]
pub struct Changes {
    /// The earlier verdict.
    pub verdict: Verdict,
    /// The earlier score.
    pub score: Option<u8>,
    /// New, unchanged and fixed findings.
    pub comparison: Comparison,
}

/// Errors of reading an earlier report.
#[derive(Debug, thiserror::Error)]
pub enum EarlierReportError {
    /// The file cannot be read.
    #[error("{path}: the earlier report cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The file is not a report.
    #[error("{path}: this is not a report of `seaworthy audit --format json`: {source}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The problem, with line and column.
        source: serde_json::Error,
    },
}

#[derive(Deserialize)]
struct Document {
    verdict: Verdict,
    score: Option<u8>,
    findings: Vec<KnownFinding>,
}

/// The fields of a finding that identify it. A report has more.
#[derive(Deserialize)]
struct KnownFinding {
    id: String,
    path: String,
    fingerprint: String,
    service: Option<String>,
    severity: crate::rule::Severity,
    title: String,
}

impl EarlierReport {
    /// Reads the JSON form of a report.
    ///
    /// # Errors
    /// [`EarlierReportError`] with the path, when the file cannot be read or is not such a report.
    pub fn read(path: &Path) -> Result<Self, EarlierReportError> {
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(MAX_BYTES).read_to_string(&mut text))
            .map_err(|source| EarlierReportError::Unreadable {
                path: path.to_path_buf(),
                source,
            })?;
        let document: Document = serde_json::from_str(text.trim_start_matches('\u{feff}'))
            .map_err(|source| EarlierReportError::Invalid {
                path: path.to_path_buf(),
                source,
            })?;
        Ok(Self {
            verdict: document.verdict,
            score: document.score,
            findings: Baseline::with(
                document
                    .findings
                    .into_iter()
                    .map(|finding| BaselineEntry {
                        id: finding.id,
                        path: finding.path,
                        fingerprint: finding.fingerprint,
                        service: finding.service,
                        severity: finding.severity,
                        title: finding.title,
                    })
                    .collect(),
            ),
        })
    }
}
