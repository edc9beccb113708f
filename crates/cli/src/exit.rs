//! Exit statuses.

use std::process::ExitCode;

/// Exit statuses; CI depends on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Nothing reached the threshold.
    Clean = 0,
    /// A finding reached the threshold. Told before [`Exit::Incomplete`]: what was found is enough to fail.
    Threshold = 1,
    /// Wrong use.
    Usage = 2,
    /// Part of the repository was not read, or the report could not be written.
    Incomplete = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
