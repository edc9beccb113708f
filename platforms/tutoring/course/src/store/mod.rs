//! SQL statements and migrations.

pub(crate) mod assignments;
pub(crate) mod catalogue;
pub(crate) mod certificates;
pub(crate) mod delivery;
pub(crate) mod exams;
pub(crate) mod files;
pub(crate) mod learning;
mod migrations;
pub(crate) mod projects;
pub(crate) mod purchases;
pub(crate) mod structure;
pub(crate) mod territories;
pub(crate) mod trainers;
pub(crate) mod uploads;

pub(crate) use assignments::{Assignment, Grade, Submission};
pub(crate) use catalogue::{Course, CourseFilter};
pub(crate) use certificates::Certificate;
pub(crate) use files::{CourseFile, FileKind};
pub(crate) use learning::SessionProgress;
pub(crate) use migrations::MIGRATIONS;
pub(crate) use projects::{Project, Review};
pub(crate) use purchases::Purchase;
pub(crate) use structure::{Level, NewSession, SESSIONS, SessionContent};
pub(crate) use trainers::AllocationCopy;
