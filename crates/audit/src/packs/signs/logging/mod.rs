//! Logs and traces, and what they reveal.

mod answers;
mod formats;
mod leaks;
mod levels;
mod log_records;
mod logged_settings;
mod logs;
mod sampling;

use super::{GO, JVM, PYTHON, SCRIPT, Sign, inside, review};

pub(super) const LISTS: &[&[Sign]] = &[
    answers::SIGNS,
    formats::SIGNS,
    leaks::SIGNS,
    levels::SIGNS,
    log_records::SIGNS,
    logged_settings::SIGNS,
    logs::SIGNS,
    sampling::SIGNS,
];
