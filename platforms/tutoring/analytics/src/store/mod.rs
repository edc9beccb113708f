//! SQL statements and migrations.

mod events;
mod metrics;
mod migrations;
mod partitions;

pub(crate) use events::{EventFilter, Events};
pub(crate) use metrics::{CourseCount, Metrics, TypeCount};
pub(crate) use migrations::MIGRATIONS;
pub(crate) use partitions::Partitions;
