//! Exit statuses.

use std::process::ExitCode;

/// Exit statuses, which CI jobs depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// No finding reached the threshold.
    Clean = 0,
    /// A finding reached the threshold. It takes precedence over [`Exit::Incomplete`].
    Threshold = 1,
    /// Invalid arguments.
    Usage = 2,
    /// Part of the repository was not read, or the report could not be written.
    Incomplete = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
