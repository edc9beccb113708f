//! Printing for people: colours where the terminal shows them, and how far the audit is.

use std::error::Error;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use seaworthy_audit::Progress;

use crate::exit::Exit;

/// The line of progress changes this often over a whole audit: enough to see that it moves.
const STEPS: usize = 50;
/// Back to the first column, and the line emptied.
const CLEAR_LINE: &str = "\r\u{1b}[2K";

/// Prints with colours where the terminal shows them. A reader that went away (`| head`) is no failure.
pub(crate) fn print(text: &str) -> Result<(), Box<dyn Error>> {
    match anstream::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Says what is wrong on standard error.
pub(crate) fn complain(message: &str, exit: Exit) -> Exit {
    // Nothing is left to do when standard error is gone.
    let _ = writeln!(anstream::stderr(), "seaworthy: {message}");
    exit
}

/// A line on standard error that says how far the audit is; nothing where no terminal would show it.
pub(crate) struct ProgressLine {
    shown: bool,
    last_step: AtomicUsize,
}

impl ProgressLine {
    pub(crate) fn new(quiet: bool) -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
        Self {
            shown: !quiet && !dumb && std::io::stderr().is_terminal(),
            last_step: AtomicUsize::new(0),
        }
    }

    pub(crate) fn show(&self, progress: Progress) {
        if !self.shown {
            return;
        }
        match progress {
            Progress::Walking => write("looking for files"),
            Progress::Reading { read, of } => {
                let step = read * STEPS / of.max(1);
                if self.last_step.fetch_max(step, Ordering::Relaxed) < step {
                    write(&format!("reading {read} of {of} files"));
                }
            }
            Progress::Asking => write("asking the rules"),
        }
    }

    /// Takes the line away.
    pub(crate) fn end(&self) {
        if self.shown {
            let _ = std::io::stderr().write_all(CLEAR_LINE.as_bytes());
        }
    }
}

fn write(text: &str) {
    // Progress that cannot be shown is no reason to stop.
    let _ = std::io::stderr().write_all(format!("{CLEAR_LINE}  {text} …").as_bytes());
}
