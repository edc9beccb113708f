//! Operations on applications, independent of the transport.

mod apply;
mod courses;
mod decide;
mod documents;
mod snapshot;

use seaworthy::{
    audit_log::AuditLog, data::Database, outbox::Outbox, prelude::*, storage::Storage,
};
use tutoring_contract::PlatformZone;

pub(crate) use courses::consumer;
pub(crate) use decide::{Reviewer, TRAINER_APPROVE};
pub(crate) use documents::UploadRequest;

/// The applications and their dependencies.
#[derive(Debug)]
pub(crate) struct Applicants {
    pub(crate) database: Database,
    pub(crate) outbox: Outbox,
    pub(crate) audit: AuditLog,
    pub(crate) documents: Storage,
    pub(crate) max_document_size: ByteSize,
    pub(crate) zone: PlatformZone,
}
