//! Operations on courses and purchases, independent of the transport.

mod access;
mod assignment;
mod catalogue;
mod certificate;
mod consumers;
mod copies;
mod deliver;
mod exam;
mod file;
mod learn;
mod media;
mod notify;
mod project;
mod purchase;
mod seed;
mod viewer;

use seaworthy::{audit_log::AuditLog, data::Database, outbox::Outbox, storage::Storage};
use tutoring_contract::PlatformZone;

pub(crate) use access::rejection;
pub(crate) use assignment::{NewAssignment, Work};
pub(crate) use catalogue::{CourseChange, NewCourse, NewLevel, NewPhase};
pub(crate) use consumers::consumers;
pub(crate) use exam::{Answers, NewExam};
pub(crate) use file::NewFile;
pub(crate) use learn::Seen;
pub(crate) use media::UploadRequest;
pub(crate) use project::{Gallery, NewProject};
pub(crate) use purchase::DirectPurchase;
pub(crate) use viewer::Viewer;

/// The permission to change the catalogue.
pub(crate) const COURSE_WRITE: &str = "course:write";
/// The permission to review the projects of all students.
pub(crate) const PROJECT_REVIEW: &str = "project:review";

/// The courses with their dependencies.
#[derive(Debug)]
pub(crate) struct Courses {
    pub(crate) database: Database,
    pub(crate) outbox: Outbox,
    pub(crate) audit: AuditLog,
    pub(crate) media: Storage,
    pub(crate) zone: PlatformZone,
    pub(crate) certificate_url: String,
}
