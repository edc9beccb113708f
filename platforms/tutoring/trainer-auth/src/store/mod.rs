//! SQL statements and migrations.

mod applications;
mod courses;
mod migrations;
mod places;

pub(crate) use applications::{Application, Applications, Document};
pub(crate) use courses::{CourseCopy, Courses};
pub(crate) use migrations::MIGRATIONS;
pub(crate) use places::Place;
