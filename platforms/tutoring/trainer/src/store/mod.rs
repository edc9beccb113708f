//! SQL statements.

mod bank;
mod sessions;
mod trainers;

pub(crate) use bank::Banks;
pub(crate) use sessions::{Substitution, TrainerSessions};
pub(crate) use trainers::{Trainer, Trainers};
