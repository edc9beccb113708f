//! Operations on courses and purchases, independent of the transport.

mod access;
mod catalogue;
mod deliver;
mod events;
mod exam;
mod purchase;
mod seed;

use seaworthy::{audit_log::AuditLog, data::Database, outbox::Outbox};
use tutoring_contract::PlatformZone;

pub(crate) use access::refusal;
pub(crate) use catalogue::{CourseChange, NewCourse, NewPhase};
pub(crate) use events::{delivery, purchases};
pub(crate) use exam::{Answers, NewExam};
pub(crate) use purchase::DirectPurchase;

/// The permission to change the catalogue.
pub(crate) const COURSE_WRITE: &str = "course:write";

/// The courses with their dependencies.
#[derive(Debug)]
pub(crate) struct Courses {
    pub(crate) database: Database,
    pub(crate) outbox: Outbox,
    pub(crate) audit: AuditLog,
    pub(crate) zone: PlatformZone,
    pub(crate) certificate_url: String,
}
