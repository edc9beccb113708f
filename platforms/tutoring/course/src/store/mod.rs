//! SQL statements and migrations.

mod assignments;
mod catalogue;
mod certificates;
mod delivery;
mod exams;
mod files;
mod learning;
mod migrations;
mod projects;
mod purchases;
mod structure;
mod trainers;
mod uploads;

pub(crate) use assignments::{Assignment, Assignments, Grade, Submission};
pub(crate) use catalogue::{Catalogue, Course, CourseFilter};
pub(crate) use certificates::{Certificate, Certificates};
pub(crate) use delivery::Delivery;
pub(crate) use exams::Exams;
pub(crate) use files::{CourseFile, FileKind, Files};
pub(crate) use learning::{Learning, SessionProgress};
pub(crate) use migrations::MIGRATIONS;
pub(crate) use projects::{Project, Projects, Review};
pub(crate) use purchases::{Purchase, Purchases};
pub(crate) use structure::{Level, LevelPlace, NewSession, SESSIONS, SessionContent, Structure};
pub(crate) use trainers::{AllocationCopy, Trainers};
pub(crate) use uploads::Uploads;
