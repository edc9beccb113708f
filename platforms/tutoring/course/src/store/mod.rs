//! SQL statements and migrations.

mod catalogue;
mod delivery;
mod exams;
mod migrations;
mod purchases;
mod structure;

pub(crate) use catalogue::{Catalogue, Course, CourseFilter};
pub(crate) use delivery::Delivery;
pub(crate) use exams::Exams;
pub(crate) use migrations::MIGRATIONS;
pub(crate) use purchases::{Purchase, Purchases};
pub(crate) use structure::{LevelPlace, NewSession, SESSIONS, Structure};
