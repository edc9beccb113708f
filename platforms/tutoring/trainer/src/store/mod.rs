//! SQL statements.

mod bank;
mod payroll;
mod reviews;
mod sessions;
mod trainers;

pub(crate) use bank::Banks;
pub(crate) use payroll::{Payrolls, Periods, Snapshot};
pub(crate) use reviews::Reviews;
pub(crate) use sessions::{Substitution, TrainerSessions};
pub(crate) use trainers::{Trainer, Trainers};
