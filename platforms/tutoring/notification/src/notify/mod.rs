//! Operations on notifications, independent of the transport.

mod consumers;
mod deliver;
mod store;

use seaworthy::{audit_log::AuditLog, mail::Mailer, push::Pushes};
use tutoring_contract::PlatformZone;
use tutoring_identity::{Backend, LiveSealer, NoticeSealer};

pub(crate) use consumers::subscription;
pub(crate) use deliver::worker;

/// Notifications with their dependencies.
#[derive(Debug)]
pub(crate) struct Notifier {
    pub(crate) backend: Backend,
    /// Decrypts requests with a secret, such as the code of a session.
    pub(crate) secrets: NoticeSealer,
    /// Encrypts the live events of such notifications.
    pub(crate) live: LiveSealer,
    pub(crate) audit: AuditLog,
    pub(crate) zone: PlatformZone,
    pub(crate) mailer: Mailer,
    pub(crate) pushes: Pushes,
}
