use std::{fmt, sync::Arc, time::Duration};

use parking_lot::Mutex;

/// Takes encoded lines, each with its line feed. Must not block.
pub trait LineSink: Send + Sync + fmt::Debug {
    /// Takes one line.
    fn line(&self, line: &[u8]);

    /// Waits until everything taken is written, at most `limit`. Returns whether it was.
    fn flush(&self, _limit: Duration) -> bool {
        true
    }

    /// Lines that found no room.
    fn dropped(&self) -> u64 {
        0
    }

    /// Whether a person looks at it, so that colours help.
    fn is_terminal(&self) -> bool {
        false
    }
}

/// Keeps lines in memory, for tests. Cheap to clone; all clones are the same memory.
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
    fn line(&self, line: &[u8]) {
        self.0.lock().extend_from_slice(line);
    }
}

/// Writes nowhere, for measuring what lines cost until they are handed over.
#[derive(Debug, Clone, Copy, Default)]
pub struct NullSink;

impl LineSink for NullSink {
    fn line(&self, _line: &[u8]) {}
}
