use std::{
    io::{self, IsTerminal as _, Write as _},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use parking_lot::{Condvar, Mutex};
use seaworthy_core::ByteSize;

use super::sink::LineSink;

/// How long the writer lets lines gather: short for an eye, long enough that a busy service wakes it 200 times a second and not at every line.
const GATHER: Duration = Duration::from_millis(5);

/// Writes lines to stdout from a thread of its own.
#[derive(Debug)]
pub(crate) struct StdoutWriter(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limit: usize,
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    written: Condvar,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: Vec<u8>,
    /// The writer holds lines that are not written yet.
    is_writing: bool,
    wanted_now: bool,
}

impl StdoutWriter {
    /// Starts the writer. It ends with the process; [`LineSink::flush`] is what waits for it.
    pub(crate) fn start(limit: ByteSize) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            limit: limit.as_usize(),
            waiting: Mutex::default(),
            arrived: Condvar::new(),
            written: Condvar::new(),
            dropped: AtomicU64::new(0),
        });
        let writer = Arc::clone(&shared);
        thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || writer.write_for_ever())?;
        Ok(Self(shared))
    }
}

impl Shared {
    fn write_for_ever(&self) {
        let mut batch = Vec::new();
        loop {
            {
                let mut waiting = self.waiting.lock();
                while waiting.lines.is_empty() {
                    self.arrived.wait(&mut waiting);
                }
                if !waiting.wanted_now {
                    self.arrived.wait_for(&mut waiting, GATHER);
                }
                std::mem::swap(&mut waiting.lines, &mut batch);
                waiting.is_writing = true;
                waiting.wanted_now = false;
            }
            let mut stdout = io::stdout().lock();
            // Nobody is left to tell when stdout itself is gone.
            let _ = stdout.write_all(&batch).and_then(|()| stdout.flush());
            drop(stdout);
            batch.clear();
            self.waiting.lock().is_writing = false;
            self.written.notify_all();
        }
    }
}

impl LineSink for StdoutWriter {
    fn line(&self, line: &[u8]) {
        let was_empty = {
            let mut waiting = self.0.waiting.lock();
            if waiting.lines.len() + line.len() > self.0.limit {
                self.0.dropped.fetch_add(1, Ordering::Relaxed);
                return;
            }
            let was_empty = waiting.lines.is_empty();
            waiting.lines.extend_from_slice(line);
            was_empty
        };
        if was_empty {
            self.0.arrived.notify_one();
        }
    }

    fn flush(&self, limit: Duration) -> bool {
        let mut waiting = self.0.waiting.lock();
        waiting.wanted_now = true;
        self.0.arrived.notify_one();
        let busy = |waiting: &mut Waiting| waiting.is_writing || !waiting.lines.is_empty();
        !self
            .0
            .written
            .wait_while_for(&mut waiting, busy, limit)
            .timed_out()
    }

    fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    fn is_terminal(&self) -> bool {
        io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
    }
}
