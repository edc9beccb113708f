use std::{fmt, sync::Arc, time::Duration};

use parking_lot::Mutex;

/// Receives encoded lines.
pub trait LineSink: Send + Sync + fmt::Debug {
    /// Receives one line with its line feed. Must not block.
    fn write_line(&self, line: &[u8]);

    /// Waits at most `timeout` until all received lines are written. Returns whether they are.
    fn flush(&self, _timeout: Duration) -> bool {
        true
    }

    /// The number of lines that were dropped because a buffer was full.
    fn dropped(&self) -> u64 {
        0
    }

    /// Whether the lines are shown on a terminal that supports colors.
    fn is_terminal(&self) -> bool {
        false
    }
}

/// Keeps lines in memory, for tests. Clones share the memory.
#[derive(Debug, Clone, Default)]
pub struct MemorySink(Arc<Mutex<Vec<u8>>>);

impl MemorySink {
    /// The lines so far, without their line feeds.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        String::from_utf8_lossy(&self.0.lock())
            .lines()
            .map(str::to_owned)
            .collect()
    }
}

impl LineSink for MemorySink {
    fn write_line(&self, line: &[u8]) {
        self.0.lock().extend_from_slice(line);
    }
}

/// Discards lines. For benchmarks of the code that passes lines to a sink.
#[derive(Debug, Clone, Copy, Default)]
pub struct NullSink;

impl LineSink for NullSink {
    fn write_line(&self, _line: &[u8]) {}
}
