//! SQL statements and migrations.

pub(crate) mod applications;
pub(crate) mod courses;
mod migrations;
mod places;

pub(crate) use applications::{Application, Document};
pub(crate) use courses::CourseCopy;
pub(crate) use migrations::MIGRATIONS;
pub(crate) use places::Place;
