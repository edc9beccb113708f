//! Rules without I/O.

mod kind;
mod notice;
mod preferences;

pub(crate) use kind::NotificationKind;
pub(crate) use notice::Notice;
pub(crate) use preferences::{Preferences, QuietHours};
