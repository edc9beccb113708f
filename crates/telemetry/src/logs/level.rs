use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The level of a line. Ordered from `Fatal` to `Trace`.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[schemars(inline, extend("x-unsafe" = [
    {
        "id": "OBS-1",
        "value": "debug",
        "why": "the level debug may log personal data and slows every request",
        "fix": "set it to info; raise it for minutes with /log-level of the admin listener"
    },
    {
        "id": "OBS-1",
        "value": "trace",
        "why": "the level trace may log personal data and slows every request",
        "fix": "set it to info; raise it for minutes with /log-level of the admin listener"
    }
]))]
pub enum Level {
    /// A failure that ends the process. The service prints it on stderr, so as a minimum level it
    /// turns all lines off.
    Fatal,
    /// A failure that an operator must handle.
    Error,
    /// An unexpected condition that the service handles.
    Warn,
    /// An event of normal operation.
    #[default]
    Info,
    /// Details for debugging the service.
    Debug,
    /// Details for debugging a library.
    Trace,
}

/// The error for a text that is not a level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a log level: use fatal, error, warn, info, debug or trace")]
pub struct UnknownLevel(String);

impl Level {
    /// The level in capitals, as in log lines.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fatal => "FATAL",
            Self::Error => "ERROR",
            Self::Warn => "WARN",
            Self::Info => "INFO",
            Self::Debug => "DEBUG",
            Self::Trace => "TRACE",
        }
    }

    pub(super) fn filter(self) -> tracing_core::LevelFilter {
        match self {
            Self::Fatal => tracing_core::LevelFilter::OFF,
            Self::Error => tracing_core::LevelFilter::ERROR,
            Self::Warn => tracing_core::LevelFilter::WARN,
            Self::Info => tracing_core::LevelFilter::INFO,
            Self::Debug => tracing_core::LevelFilter::DEBUG,
            Self::Trace => tracing_core::LevelFilter::TRACE,
        }
    }
}

impl From<&tracing_core::Level> for Level {
    fn from(level: &tracing_core::Level) -> Self {
        match *level {
            tracing_core::Level::ERROR => Self::Error,
            tracing_core::Level::WARN => Self::Warn,
            tracing_core::Level::INFO => Self::Info,
            tracing_core::Level::DEBUG => Self::Debug,
            _ => Self::Trace,
        }
    }
}

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        let known = [
            Self::Fatal,
            Self::Error,
            Self::Warn,
            Self::Info,
            Self::Debug,
            Self::Trace,
        ];
        known
            .into_iter()
            .find(|level| level.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownLevel(text.to_owned()))
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.as_str().to_ascii_lowercase())
    }
}
