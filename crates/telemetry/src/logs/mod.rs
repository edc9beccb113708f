//! Structured lines on stdout (OBS-1, OBS-2): JSON for machines, coloured text for people, one line per event always.
//!
//! Lines are encoded where they happen, into a buffer that the thread keeps, and handed to a writer thread through a bounded buffer: a slow terminal or a full
//! pipe never holds up a request. What does not fit is dropped and counted. The request, trace and actor of a line are read from the running task's
//! [`RequestContext`], not from a span, so they are on every line, also where nobody opened a span.

mod config;
mod encode;
mod level;
mod levels;
mod line;
mod repeat;
mod sink;
mod subscriber;
mod writer;

use std::{sync::Arc, time::Duration};

use seaworthy_core::{RequestContext, ServiceIdentity};

pub use config::{LogConfig, LogFormat, RepeatConfig};
pub use level::Level;
pub use levels::{LevelOverride, LevelReport, Levels};
pub use line::{Line, Name};
pub use sink::{LineSink, MemorySink, NullSink};
pub(crate) use subscriber::LogSubscriber;
pub(crate) use writer::StdoutWriter;

use self::encode::Encoding;
use crate::redact::Redactor;

/// The logs of a process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Logs {
    pub(crate) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) identity: ServiceIdentity,
    /// The fields of the identity as they stand on every line.
    pub(crate) encoded_identity: Vec<u8>,
    pub(crate) encoding: Encoding,
    pub(crate) levels: Levels,
    pub(crate) sink: Arc<dyn LineSink>,
    pub(crate) repeat: repeat::Repeats,
    pub(crate) redactor: Redactor,
}

impl Logs {
    /// Logs that write to `sink`. `identity` is whose lines they are where no request says otherwise.
    #[must_use]
    pub fn to_sink(
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
            repeat: repeat::Repeats::new(&config.repeat),
            redactor: Redactor::new(&config.redaction),
            sink,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Begins a line outside of the `tracing` macros, for what is written on every request; `None` where the level is not wanted.
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
        let mut line = Line::begin(&self.shared);
        line.head(context, level, target, message);
        Some(line)
    }

    /// Levels, and how to change them for a while.
    #[must_use]
    pub fn levels(&self) -> &Levels {
        &self.shared.levels
    }

    /// Waits until what has been handed over is written, at most `limit`. Returns whether it was.
    pub fn flush(&self, limit: Duration) -> bool {
        self.shared.sink.flush(limit)
    }

    /// Lines that found no room, since the start.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.shared.sink.dropped()
    }

    /// Repeated lines that were held back, since the start.
    #[must_use]
    pub fn held_back(&self) -> u64 {
        self.shared.repeat.held_back()
    }
}

#[cfg(test)]
mod tests;
