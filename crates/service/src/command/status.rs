//! Exit statuses. Statuses above 63 follow `sysexits.h`, so that a supervisor can distinguish a
//! configuration error from a failure.

/// Success.
pub(crate) const SUCCESS: u8 = 0;
/// Startup failed, or a probe failed.
pub(crate) const FAILURE: u8 = 1;

/// The command line is invalid.
pub(crate) const USAGE: u8 = 2;
/// A stop aborted work or was forced: `EX_TEMPFAIL`.
pub(crate) const ABORTED: u8 = 75;
/// The settings have errors or are unsafe: `EX_CONFIG` (CONF-3).
pub(crate) const CONFIGURATION: u8 = 78;
