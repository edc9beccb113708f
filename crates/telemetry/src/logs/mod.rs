//! Structured log lines on stdout or in a file (OBS-1, OBS-2), in JSON or colored text, one line
//! per event.
//!
//! A line is encoded into a buffer of the current thread and passed to a writer thread through a
//! bounded buffer. So a slow reader of stdout never blocks a request: lines that do not fit are
//! dropped and counted. The request, trace and actor of a line come from the
//! [`RequestContext`] of the running task, so every line has them without a span.

mod config;
mod encode;
mod field_name;
mod file;
mod level;
mod levels;
mod line;
mod rate_limit;
mod sink;
mod subscriber;
mod writer;

use std::{sync::Arc, time::Duration};

use seaworthy_core::{RequestContext, ServiceIdentity};

pub use config::{LogConfig, LogFileConfig, LogFormat, LogOutput, LogRateLimitConfig};
pub use field_name::FieldName;
pub use level::{Level, UnknownLevel};
pub use levels::{LevelOverride, LevelReport, Levels};
pub use line::Line;
pub use sink::{LineSink, MemorySink, NullSink};
pub(crate) use subscriber::LogSubscriber;
pub(crate) use writer::LogWriter;

use self::encode::Encoding;
pub(crate) use self::rate_limit::{Decision, RateLimiter};
use crate::redact::{CleanTexts, Redactor};

/// The logs of a service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Logs {
    pub(crate) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) identity: ServiceIdentity,
    /// The encoded fields `service` and `version`.
    pub(crate) encoded_identity: Vec<u8>,
    pub(crate) encoding: Encoding,
    pub(crate) levels: Levels,
    pub(crate) sink: Arc<dyn LineSink>,
    pub(crate) rate_limiter: RateLimiter,
    pub(crate) redactor: Redactor,
    pub(crate) clean_texts: CleanTexts,
    /// The maximum length of a text, in characters.
    max_value_length: usize,
}

impl Shared {
    /// Returns the start of a text that is logged, and whether the rest is cut off.
    fn shown<'a>(&self, text: &'a str) -> (&'a str, bool) {
        // If the text is short enough in bytes, skip the count of characters.
        if text.len() <= self.max_value_length {
            return (text, false);
        }
        match text.char_indices().nth(self.max_value_length) {
            Some((end, _)) => (text.get(..end).unwrap_or_default(), true),
            None => (text, false),
        }
    }
}

impl Logs {
    /// Logs that write to `sink`. Lines outside a request have the name and version of `identity`.
    #[must_use]
    pub fn new(
        identity: ServiceIdentity,
        config: &LogConfig,
        production: bool,
        sink: Arc<dyn LineSink>,
    ) -> Self {
        let shared = Shared {
            encoded_identity: line::encode_identity(&identity),
            identity,
            encoding: Encoding::choose(config.format, production, sink.is_terminal()),
            levels: Levels::new(config),
            rate_limiter: RateLimiter::new(&config.rate_limit),
            redactor: Redactor::new(&config.redaction),
            clean_texts: CleanTexts::default(),
            max_value_length: usize::try_from(config.max_value_length.get()).unwrap_or(usize::MAX),
            sink,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Starts a line without the `tracing` macros and their rate limit, for lines of every request.
    /// `None` if the level is disabled.
    #[must_use]
    pub fn line(
        &self,
        context: Option<&RequestContext>,
        level: Level,
        target: &str,
        message: &str,
    ) -> Option<Line> {
        if !self.shared.levels.is_enabled(target, level) {
            return None;
        }
        let mut line = Line::start(&self.shared);
        line.head(context, level, target, message);
        Some(line)
    }

    /// The levels, which can be changed at run time.
    #[must_use]
    pub fn levels(&self) -> &Levels {
        &self.shared.levels
    }

    /// The redaction of every text of a line.
    #[must_use]
    pub fn redactor(&self) -> &Redactor {
        &self.shared.redactor
    }

    /// Waits at most `timeout` until all lines are written. Returns whether they are.
    pub fn flush(&self, timeout: Duration) -> bool {
        self.shared.sink.flush(timeout)
    }

    /// Lines dropped since the start because the buffer was full.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.shared.sink.dropped()
    }

    /// Lines suppressed since the start by the rate limit of their callsite.
    #[must_use]
    pub fn suppressed(&self) -> u64 {
        self.shared.rate_limiter.suppressed()
    }
}

#[cfg(test)]
mod tests;
