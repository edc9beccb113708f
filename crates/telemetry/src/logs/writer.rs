use std::{
    io::{self, IsTerminal as _, Write as _},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use super::{
    config::{LogConfig, LogOutput},
    file::LogFile,
    sink::LineSink,
};
use parking_lot::{Condvar, Mutex};

/// How long the writer collects lines before a write. A busy service wakes it 200 times per second
/// instead of once per line.
const LINGER: Duration = Duration::from_millis(5);

/// Writes lines to stdout and to a file from a separate thread.
#[derive(Debug)]
pub(crate) struct LogWriter(Arc<Shared>);

/// Where the thread writes.
#[derive(Debug)]
struct Outputs {
    has_stdout: bool,
    file: Option<LogFile>,
}

#[derive(Debug)]
struct Shared {
    /// The maximum size of the buffer, in bytes.
    max_size: usize,
    is_stdout_only: bool,
    buffer: Mutex<Buffer>,
    filled: Condvar,
    written: Condvar,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Buffer {
    lines: Vec<u8>,
    /// Whether the writer has taken lines that are not written yet.
    is_writing: bool,
    /// Whether a flush is waiting, so that the writer must not linger.
    is_flushing: bool,
}

impl LogWriter {
    /// Opens the file and starts the thread. It ends with the process. [`LineSink::flush`] waits
    /// for it.
    pub(crate) fn start(config: &LogConfig, service: &str) -> io::Result<Self> {
        let has_stdout = config.output != LogOutput::File;
        let file = match config.output {
            LogOutput::Stdout => None,
            LogOutput::File | LogOutput::Both => Some(LogFile::open(&config.file, service)?),
        };
        let outputs = Outputs { has_stdout, file };
        let shared = Arc::new(Shared {
            max_size: config.buffer_size.as_usize(),
            is_stdout_only: config.output == LogOutput::Stdout,
            buffer: Mutex::default(),
            filled: Condvar::new(),
            written: Condvar::new(),
            dropped: AtomicU64::new(0),
        });
        let writer = Arc::clone(&shared);
        thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || writer.run(outputs))?;
        Ok(Self(shared))
    }
}

impl Shared {
    fn run(&self, mut outputs: Outputs) {
        let mut batch = Vec::new();
        loop {
            {
                let mut buffer = self.buffer.lock();
                while buffer.lines.is_empty() {
                    self.filled.wait(&mut buffer);
                }
                if !buffer.is_flushing {
                    self.filled.wait_for(&mut buffer, LINGER);
                }
                std::mem::swap(&mut buffer.lines, &mut batch);
                buffer.is_writing = true;
                buffer.is_flushing = false;
            }
            if let Err(lines) = outputs.write(&batch) {
                self.dropped.fetch_add(lines, Ordering::Relaxed);
            }
            batch.clear();
            self.buffer.lock().is_writing = false;
            self.written.notify_all();
        }
    }
}

impl Outputs {
    /// Writes lines to every output.
    ///
    /// # Errors
    /// The number of lines that may be missing in the file.
    fn write(&mut self, lines: &[u8]) -> Result<(), u64> {
        if self.has_stdout {
            let mut stdout = io::stdout().lock();
            // An error of stdout itself cannot be reported anywhere.
            let _ = stdout.write_all(lines).and_then(|()| stdout.flush());
        }
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let count = || lines.iter().filter(|byte| **byte == b'\n').count() as u64;
        file.write(lines).map_err(|_| count())
    }
}

impl LineSink for LogWriter {
    fn write_line(&self, line: &[u8]) {
        let was_empty = {
            let mut buffer = self.0.buffer.lock();
            if buffer.lines.len() + line.len() > self.0.max_size {
                self.0.dropped.fetch_add(1, Ordering::Relaxed);
                return;
            }
            let was_empty = buffer.lines.is_empty();
            buffer.lines.extend_from_slice(line);
            was_empty
        };
        if was_empty {
            self.0.filled.notify_one();
        }
    }

    fn flush(&self, timeout: Duration) -> bool {
        let mut buffer = self.0.buffer.lock();
        buffer.is_flushing = true;
        self.0.filled.notify_one();
        let is_pending = |buffer: &mut Buffer| buffer.is_writing || !buffer.lines.is_empty();
        !self
            .0
            .written
            .wait_while_for(&mut buffer, is_pending, timeout)
            .timed_out()
    }

    fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    fn is_terminal(&self) -> bool {
        self.0.is_stdout_only
            && io::stdout().is_terminal()
            && std::env::var_os("NO_COLOR").is_none()
    }
}
