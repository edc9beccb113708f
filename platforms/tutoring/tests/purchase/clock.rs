//! A system clock of the program that a test moves forward.

use std::{fs, path::PathBuf};

use seaworthy::data::chrono::Utc;
use seaworthy_testkit::requirement::required;
use tempfile::TempDir;

/// The clock of one program. Its timers use the monotonic clock, which does not move.
pub(crate) struct ShiftedClock {
    library: String,
    folder: TempDir,
}

impl ShiftedClock {
    /// `None` if the library that gives a program another time is not installed.
    pub(crate) fn new() -> Option<Self> {
        let clock = Self {
            library: required("SEAWORTHY_TEST_FAKETIME")?,
            folder: TempDir::new().unwrap(),
        };
        clock.shift(0);
        Some(clock)
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("offset")
    }

    /// Sets the difference from the time of the machine in seconds.
    fn shift(&self, seconds: i64) {
        // Another name, then a rename: the program reads the file at any time.
        let written = self.folder.path().join("written");
        fs::write(&written, format!("{seconds:+}\n")).unwrap();
        fs::rename(written, self.file()).unwrap();
    }

    /// Sets the clock to a time in seconds since 1970.
    pub(crate) fn set(&self, seconds: i64) {
        self.shift(seconds - Utc::now().timestamp());
    }

    /// Returns the environment of the program.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("LD_PRELOAD", self.library.clone()),
            ("FAKETIME_TIMESTAMP_FILE", self.file().display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
    }
}
