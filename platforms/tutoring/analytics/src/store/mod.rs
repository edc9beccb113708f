//! SQL statements and migrations.

pub(crate) mod events;
pub(crate) mod metrics;
mod migrations;
mod partitions;

pub(crate) use events::EventFilter;
pub(crate) use metrics::{CourseCount, TypeCount};
pub(crate) use migrations::MIGRATIONS;
pub(crate) use partitions::Partitions;
