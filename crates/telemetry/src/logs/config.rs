use std::{collections::BTreeMap, num::NonZeroU32, path::PathBuf};

use schemars::JsonSchema;
use seaworthy_core::{ByteSize, Lifetime};
use serde::{Deserialize, Serialize};

use super::level::Level;
use crate::redact::RedactionConfig;

/// The default of `buffer_size`: a burst of a few thousand lines fits while stdout is not read.
const DEFAULT_BUFFER_SIZE: ByteSize = ByteSize::mebibytes(4);
/// The default of `per_second`. More lines of one callsite add no information.
const DEFAULT_LINES_PER_SECOND: u32 = 100;

/// The default of `max_size`: the file and all backups fit on the disk of a small machine.
const DEFAULT_MAX_FILE_SIZE: ByteSize = ByteSize::bytes(100_000_000);
/// The default of `max_age`: enough to investigate an incident that is noticed late.
const DEFAULT_MAX_FILE_AGE: Lifetime = Lifetime::from_days(30);
const DEFAULT_MAX_BACKUPS: u32 = 10;

/// The default of `max_value_length`: a chain of causes fits, and few lines do not fill the buffer.
const DEFAULT_MAX_VALUE_LENGTH: NonZeroU32 = NonZeroU32::new(8_000).unwrap();

/// Where log lines are written. Production accepts stdout only (OBS-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline, extend("x-unsafe" = [
    {
        "id": "OBS-1",
        "value": "file",
        "why": "log lines in a file do not reach the log collector of the platform",
        "fix": "set it to stdout: the platform collects and rotates the lines"
    },
    {
        "id": "OBS-1",
        "value": "both",
        "why": "log lines in a file fill the disk of the container and stay on it",
        "fix": "set it to stdout: the platform collects and rotates the lines"
    }
]))]
pub enum LogOutput {
    /// To stdout. In a container the platform collects and rotates the lines.
    #[default]
    Stdout,
    /// To a file that the service rotates.
    File,
    /// To both.
    Both,
}

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum LogFormat {
    /// JSON in staging and production, text elsewhere.
    #[default]
    Auto,
    /// One JSON object per line.
    Json,
    /// Readable text, colored on a terminal.
    Text,
}

/// The content, format and output of logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// Where lines are written. Production rejects files.
    pub output: LogOutput,
    /// The file, if lines are written to one.
    pub file: LogFileConfig,
    /// The format of lines.
    pub format: LogFormat,
    /// The minimum level of lines.
    #[schemars(extend("x-reloadable" = true))]
    pub level: Level,
    /// The minimum levels of single targets, by the beginning of their module path.
    #[schemars(extend("x-reloadable" = true))]
    pub targets: BTreeMap<String, Level>,
    /// The size of the buffer before the output. Lines that do not fit are dropped and counted.
    pub buffer_size: ByteSize,
    /// The maximum length of a text in a line, in characters. Longer ones are truncated after
    /// redaction.
    pub max_value_length: NonZeroU32,
    /// The rate limit of each callsite.
    pub rate_limit: LogRateLimitConfig,
    /// The personal and secret data that is masked in log lines and spans.
    pub redaction: RedactionConfig,
}

/// A file of log lines. When it is full, it becomes `FILE.1`, and `FILE.1` becomes `FILE.2`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogFileConfig {
    /// The path. Not set: `logs/SERVICE.log` in the working directory.
    pub path: Option<PathBuf>,
    /// The maximum size of the file. A full file becomes a backup.
    pub max_size: ByteSize,
    /// The maximum age of a backup. Older ones are removed.
    pub max_age: Lifetime,
    /// The maximum number of backups. Older ones are removed.
    pub max_backups: u32,
    /// Whether backups are compressed by gzip, and have names such as `FILE.1.gz`.
    pub compress: bool,
}

/// The rate limit of log lines from one callsite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogRateLimitConfig {
    /// Lines per second. The next line after them has the number of suppressed lines.
    pub per_second: u32,
    /// After `per_second` lines in a second, every n-th line is written. Not set: none.
    pub sample_every: Option<NonZeroU32>,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            output: LogOutput::default(),
            file: LogFileConfig::default(),
            format: LogFormat::default(),
            level: Level::default(),
            targets: BTreeMap::new(),
            buffer_size: DEFAULT_BUFFER_SIZE,
            max_value_length: DEFAULT_MAX_VALUE_LENGTH,
            rate_limit: LogRateLimitConfig::default(),
            redaction: RedactionConfig::default(),
        }
    }
}

impl Default for LogFileConfig {
    fn default() -> Self {
        Self {
            path: None,
            max_size: DEFAULT_MAX_FILE_SIZE,
            max_age: DEFAULT_MAX_FILE_AGE,
            max_backups: DEFAULT_MAX_BACKUPS,
            compress: false,
        }
    }
}

impl Default for LogRateLimitConfig {
    fn default() -> Self {
        Self {
            per_second: DEFAULT_LINES_PER_SECOND,
            sample_every: None,
        }
    }
}
