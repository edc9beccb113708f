//! The bounds of an audit, so that a hostile repository does not exhaust time or memory.

use std::time::Duration;

/// The default of `max_file_bytes`. Larger sources are data or bundles.
const DEFAULT_MAX_FILE_BYTES: u64 = 1024 * 1024;
/// The default of `max_files`: ten times the largest repository that the time goal names.
const DEFAULT_MAX_FILES: usize = 50_000;
/// The default of `max_total_bytes`. Text stays in memory for code frames.
const DEFAULT_MAX_TOTAL_BYTES: u64 = 256 * 1024 * 1024;
/// The default of `max_depth`. Deeper trees are an attack on the walk.
const DEFAULT_MAX_DEPTH: usize = 64;
/// The default of `max_line_bytes`. A longer line is minified or generated text.
const DEFAULT_MAX_LINE_BYTES: usize = 20_000;
/// The default of `parse_timeout`. Grammars are linear on real code, and not on hostile code.
const DEFAULT_PARSE_TIMEOUT: Duration = Duration::from_secs(2);
/// The default of `max_nesting`. Kubernetes manifests reach about 20 levels.
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
    /// Maximum time to parse one file.
    pub parse_timeout: Duration,
    /// Maximum nesting of a configuration document.
    pub max_nesting: usize,
    /// Maximum number of listed findings per rule.
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
