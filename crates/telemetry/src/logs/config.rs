use std::collections::BTreeMap;

use schemars::JsonSchema;
use seaworthy_core::ByteSize;
use serde::{Deserialize, Serialize};

use super::level::Level;
use crate::redact::RedactionConfig;

/// Holds a burst of a few thousand lines while stdout is not read.
const DEFAULT_BUFFER_SIZE: ByteSize = ByteSize::mebibytes(4);
/// More lines per second of one callsite add no information.
const DEFAULT_LINES_PER_SECOND: u32 = 100;

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
    /// Readable text, coloured on a terminal.
    Text,
}

/// The content and format of logs. Lines are written to stdout only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// The format of lines.
    pub format: LogFormat,
    /// The minimum level of lines.
    #[schemars(extend("x-reloadable" = true))]
    pub level: Level,
    /// The minimum levels of single targets, by the beginning of their module path.
    #[schemars(extend("x-reloadable" = true))]
    pub targets: BTreeMap<String, Level>,
    /// The size of the buffer before stdout. Lines that do not fit are dropped and counted.
    pub buffer_size: ByteSize,
    /// The rate limit of each callsite.
    pub rate_limit: LogRateLimitConfig,
    /// The personal and secret data that is masked in log lines and spans.
    pub redaction: RedactionConfig,
}

/// The rate limit of log lines from one callsite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogRateLimitConfig {
    /// Lines per second. The next line after them has the number of suppressed lines.
    pub per_second: u32,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            format: LogFormat::default(),
            level: Level::default(),
            targets: BTreeMap::new(),
            buffer_size: DEFAULT_BUFFER_SIZE,
            rate_limit: LogRateLimitConfig::default(),
            redaction: RedactionConfig::default(),
        }
    }
}

impl Default for LogRateLimitConfig {
    fn default() -> Self {
        Self {
            per_second: DEFAULT_LINES_PER_SECOND,
        }
    }
}
