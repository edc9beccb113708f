//! SQL statements.

pub(crate) mod bank;
pub(crate) mod payroll;
pub(crate) mod periods;
pub(crate) mod reviews;
pub(crate) mod sessions;
pub(crate) mod trainers;

pub(crate) use payroll::Snapshot;
pub(crate) use trainers::Trainer;
