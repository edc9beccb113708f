//! The bounds that keep a hostile repository from costing more than an honest one.

use std::time::Duration;

/// Larger sources are data or bundles, which reviewers do not read either.
const DEFAULT_MAX_FILE_BYTES: u64 = 1024 * 1024;
/// Ten times the largest repository that the time goal names.
const DEFAULT_MAX_FILES: usize = 50_000;
/// Text stays in memory for code frames: this bounds it.
const DEFAULT_MAX_TOTAL_BYTES: u64 = 256 * 1024 * 1024;
/// Deeper trees are made to exhaust a walker, not to be read.
const DEFAULT_MAX_DEPTH: usize = 64;
/// A longer line is minified or generated text.
const DEFAULT_MAX_LINE_BYTES: usize = 20_000;
/// Grammars are linear on real code. The limit stops those that are not linear on hostile code.
const DEFAULT_PARSE_TIMEOUT: Duration = Duration::from_secs(2);
/// Kubernetes manifests reach about 20 levels. A deeper YAML document is an attack.
const DEFAULT_MAX_NESTING: usize = 128;
/// Maximum number of listed findings per rule. The rest is only counted.
const DEFAULT_MAX_FINDINGS_PER_RULE: usize = 200;

/// The limits of an audit. Each limit is a setting.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Files larger than this many bytes are skipped and reported.
    pub max_file_bytes: u64,
    /// Files beyond this number are not read and the audit is incomplete.
    pub max_files: usize,
    /// The maximum text in memory at once, in bytes. Above it the audit is incomplete.
    pub max_total_bytes: u64,
    /// Folders deeper than this are not entered.
    pub max_depth: usize,
    /// A file with a longer line, in bytes, counts as generated.
    pub max_line_bytes: usize,
    /// Time for parsing one file.
    pub parse_timeout: Duration,
    /// Nesting of a configuration document.
    pub max_nesting: usize,
    /// Findings kept per rule.
    pub max_findings_per_rule: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_file_bytes: DEFAULT_MAX_FILE_BYTES,
            max_files: DEFAULT_MAX_FILES,
            max_total_bytes: DEFAULT_MAX_TOTAL_BYTES,
            max_depth: DEFAULT_MAX_DEPTH,
            max_line_bytes: DEFAULT_MAX_LINE_BYTES,
            parse_timeout: DEFAULT_PARSE_TIMEOUT,
            max_nesting: DEFAULT_MAX_NESTING,
            max_findings_per_rule: DEFAULT_MAX_FINDINGS_PER_RULE,
        }
    }
}
