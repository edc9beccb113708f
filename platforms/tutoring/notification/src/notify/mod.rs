//! Operations on notifications, independent of the transport.

mod deliver;
mod events;
mod store;

use seaworthy::{audit_log::AuditLog, mail::Mailer};
use tutoring_contract::PlatformZone;
use tutoring_identity::Backend;

use crate::push::Pushes;

pub(crate) use deliver::worker;
pub(crate) use events::{GROUP, subscription};

/// Notifications with their dependencies.
#[derive(Debug)]
pub(crate) struct Notifier {
    pub(crate) backend: Backend,
    pub(crate) audit: AuditLog,
    pub(crate) zone: PlatformZone,
    pub(crate) mailer: Mailer,
    pub(crate) pushes: Pushes,
}
