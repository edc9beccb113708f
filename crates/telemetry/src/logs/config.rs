use std::collections::BTreeMap;

use schemars::JsonSchema;
use seaworthy_core::ByteSize;
use serde::{Deserialize, Serialize};

use super::level::Level;
use crate::redact::RedactionConfig;

/// A burst of a few thousand lines, while the reader of stdout is away.
const DEFAULT_BUFFER: ByteSize = ByteSize::mebibytes(4);
/// More of the same line in a second tell nobody anything new.
const DEFAULT_REPEATS_PER_SECOND: u32 = 100;

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum LogFormat {
    /// JSON in staging and production, text elsewhere.
    #[default]
    Auto,
    /// One JSON object per line.
    Json,
    /// Text for people, coloured on a terminal.
    Text,
}

/// What is logged, and how. Lines go to stdout and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// How lines look.
    pub format: LogFormat,
    /// Lines below this level are not written.
    #[schemars(extend("x-reloadable" = true))]
    pub level: Level,
    /// Other levels for parts of the program, by the beginning of their module path.
    #[schemars(extend("x-reloadable" = true))]
    pub targets: BTreeMap<String, Level>,
    /// How much may wait for a slow reader of stdout; lines beyond it are dropped and counted.
    pub buffer: ByteSize,
    /// The rate limit of repeated lines.
    pub repeat: RepeatConfig,
    /// The personal and secret data that is masked in log lines and spans.
    pub redaction: RedactionConfig,
}

/// How often the same line is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RepeatConfig {
    /// Lines per second from one place in the program; the next line after them says how many were held back.
    pub per_second: u32,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            format: LogFormat::default(),
            level: Level::default(),
            targets: BTreeMap::new(),
            buffer: DEFAULT_BUFFER,
            repeat: RepeatConfig::default(),
            redaction: RedactionConfig::default(),
        }
    }
}

impl Default for RepeatConfig {
    fn default() -> Self {
        Self {
            per_second: DEFAULT_REPEATS_PER_SECOND,
        }
    }
}
