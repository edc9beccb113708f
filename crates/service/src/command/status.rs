//! Exit statuses. Above 63 they are those of `sysexits.h`, so that a supervisor can tell a mistake of the settings from a fault.

/// All went well.
pub(super) const SUCCESS: u8 = 0;
/// The start failed, or a probe says no.
pub(super) const FAILURE: u8 = 1;

/// The command line means nothing.
pub(super) const USAGE: u8 = 2;
/// A stop cut something off or was forced: `EX_TEMPFAIL`.
pub(super) const CUT_OFF: u8 = 75;
/// The settings have mistakes or are unsafe: `EX_CONFIG` (CONF-3).
pub(super) const CONFIGURATION: u8 = 78;
