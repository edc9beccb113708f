//! Output on the terminal: text with colors, errors and progress.

use std::error::Error;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use seaworthy_audit::Progress;

use crate::exit::Exit;

/// Number of updates of the progress line during an audit.
const STEPS: usize = 50;
/// The characters that move to the first column and clear the line.
const CLEAR_LINE: &str = "\r\u{1b}[2K";

/// Prints a text, with colors if the terminal supports them. A closed pipe, as with `| head`, is
/// not an error.
pub(crate) fn print(text: &str) -> Result<(), Box<dyn Error>> {
    match anstream::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Prints an error to standard error and returns the exit status.
pub(crate) fn print_error(message: &str, exit: Exit) -> Exit {
    // A failure of standard error cannot be reported.
    let _ = writeln!(anstream::stderr(), "seaworthy: {message}");
    exit
}

/// A line on standard error with the progress of the audit. Not shown without a terminal.
pub(crate) struct ProgressLine {
    is_shown: bool,
    last_step: AtomicUsize,
}

impl ProgressLine {
    pub(crate) fn new(quiet: bool) -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
        Self {
            is_shown: !quiet && !dumb && std::io::stderr().is_terminal(),
            last_step: AtomicUsize::new(0),
        }
    }

    pub(crate) fn show(&self, progress: Progress) {
        if !self.is_shown {
            return;
        }
        match progress {
            Progress::Walking => write("searching files"),
            Progress::Reading { read, of } => {
                let step = read * STEPS / of.max(1);
                if self.last_step.fetch_max(step, Ordering::Relaxed) < step {
                    write(&format!("reading {read} of {of} files"));
                }
            }
            Progress::Asking => write("checking the rules"),
        }
    }

    /// Clears the line.
    pub(crate) fn end(&self) {
        if self.is_shown {
            let _ = std::io::stderr().write_all(CLEAR_LINE.as_bytes());
        }
    }
}

fn write(text: &str) {
    // The audit continues if its progress cannot be shown.
    let _ = std::io::stderr().write_all(format!("{CLEAR_LINE}  {text} …").as_bytes());
}
